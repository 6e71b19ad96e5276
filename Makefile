# The only build file.
#
#   make                     build/zhiheng (MODE=release CC=gcc)
#   make MODE=asan           build/asan-gcc/zhiheng; also debug
#   make MODE=tsan unit      the tests that start threads, and the rooms they go through
#   make MODE=fuzz objects fuzz   clang: warnings everywhere, harnesses of what they search
#   make unit test-unit fuzz check format-check cppcheck tidy clean
#
# Every src/**/*.c is found by wildcard; everything generated is below build/<mode>-<cc>/.

MODE ?= release
ifeq ($(origin CC),default)
CC := gcc
endif
ifeq ($(MODE),fuzz)
CC := clang
endif
ifeq ($(filter $(MODE),release debug asan tsan fuzz),)
$(error MODE must be one of: release debug asan tsan fuzz)
endif
COMPILER := $(if $(findstring clang,$(notdir $(CC))),clang,gcc)

B   := build/$(MODE)-$(COMPILER)
OBJ := $(B)/obj
GEN := $(B)/gen
.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SUFFIXES:

# ---- sources -------------------------------------------------------------------------------
MAINS     := $(wildcard src/main.c src/verify.c src/witness.c)
LIB_SRC   := $(sort $(wildcard src/*/*.c src/*/*/*.c))
ABOVE     := $(filter src/app/% src/web/% src/cli/%,$(LIB_SRC))
HEADERS   := $(sort $(wildcard src/*/*.h src/*/*/*.h))
UNIT_SRC  := $(sort $(wildcard tests/unit/test_*.c))
UNIT_MORE := $(sort $(filter-out $(UNIT_SRC),$(wildcard tests/unit/*.c)))
FUZZ_SRC  := $(sort $(wildcard tests/fuzz/fuzz_*.c))
# Any other C file of tests/<room>/ and bench/ is a program of its own, linked with the library, and
# with the files of its room that have no main.
TEST_SRC  := $(sort $(filter-out tests/unit/% tests/fuzz/%,$(wildcard tests/*/*.c)))
TEST_MAIN := $(shell grep -l '^int main' $(TEST_SRC) /dev/null)
BENCH_SRC := $(sort $(wildcard bench/*.c))
TOOL_SRC  := $(sort $(wildcard tool/*.c))
PACKS     := $(sort $(shell find packs -type f -not -path '*/.*' 2>/dev/null))
UI        := $(sort $(wildcard ui/*))
# Method sheets are read in the browser too.
SHEETS    := $(sort $(wildcard doc/engine/*.md))
UI_GZ     := $(UI:%=$(GEN)/%.gz)
# Threads start in the core and below; no harness goes higher than the conditions of questions.
ifeq ($(MODE),tsan)
LIB_SRC   := $(filter-out $(ABOVE),$(LIB_SRC))
UNIT_SRC  := $(shell grep -l pthread_create $(UNIT_SRC))
endif
# What of all this is read by clang for its warnings and not compiled.
ifeq ($(MODE),fuzz)
READ_ONLY := $(ABOVE) $(filter-out src/core/read/filter.c,$(filter src/core/%,$(LIB_SRC))) $(MAINS) $(UNIT_SRC) $(UNIT_MORE) $(TEST_SRC) $(BENCH_SRC) $(TOOL_SRC)
LIB_SRC   := $(filter-out $(READ_ONLY),$(LIB_SRC))
endif
C_FILES   := $(sort $(LIB_SRC) $(READ_ONLY) $(MAINS) $(UNIT_SRC) $(UNIT_MORE) $(FUZZ_SRC) $(TEST_SRC) $(BENCH_SRC) \
             $(TOOL_SRC))
STYLED    := $(C_FILES) $(HEADERS) $(sort $(wildcard tests/*/*.h tool/*.h bench/*.h))

# ---- flags ---------------------------------------------------------------------------------
# The two programs for outsiders are made of few rooms, and whoever makes only them needs only
# the libraries of those.
ROOMS_verify  := base proof
ROOMS_witness := base net proof
PKGS_verify   := libutf8proc libcrypto
PKGS_witness  := $(PKGS_verify) libssl libmicrohttpd
PKGS_all      := sqlite3 libpq yaml-0.1 libzip libxml-2.0 libmicrohttpd libutf8proc libssl libcrypto zlib \
                 cairo cairo-pdf pango pangocairo libargon2 libqrencode
OUTSIDER := $(if $(filter-out build/zhiheng-%,$(or $(MAKECMDGOALS),all)),,$(MAKECMDGOALS:build/zhiheng-%=%))
PKGS     := $(sort $(foreach p,$(or $(OUTSIDER),all),$(PKGS_$p)))
ifneq ($(shell pkg-config --exists $(PKGS) && echo yes),yes)
$(error a library is missing, ./run installs it: $(shell pkg-config --print-errors --errors-to-stdout --exists $(PKGS)))
endif
PKG_CFLAGS := $(patsubst -I%,-isystem %,$(shell pkg-config --cflags $(PKGS)))
PKG_LIBS   := $(shell pkg-config --libs $(PKGS))

WARN := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wstrict-prototypes \
        -Wmissing-prototypes -Wold-style-definition -Wformat=2 -Wvla -Wundef -Wcast-qual \
        -Wwrite-strings -Wdouble-promotion -Wswitch-enum
WARN_gcc   := -Wimplicit-fallthrough=5 -Wlogical-op -Wduplicated-cond -Wduplicated-branches
WARN_clang := -Wimplicit-fallthrough

HARDEN := -fstack-protector-strong -fstack-clash-protection -D_FORTIFY_SOURCE=2
ifneq ($(filter x86_64 i686,$(shell uname -m)),)
HARDEN += -fcf-protection
endif
HARDEN_gcc   := -ftrivial-auto-var-init=zero
# clang 14 asks for this second flag before it accepts the first one.
HARDEN_clang := -ftrivial-auto-var-init=zero \
                -enable-trivial-auto-var-init-zero-knowing-it-will-be-removed-from-clang

# What runs for seconds is not worth the minutes that its speed costs.
FEW      := $(if $(filter 1,$(ZH_LONG)),-O1,-O0)
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
# A warning is an error, but there are none under gcc's sanitizers: it follows their checks into
# branches that cannot be taken and warns about those. Line tables (-g1) are all that a report needs.
FLAGS_release := -O2 -g1 -Werror -Wnull-dereference $(HARDEN) $(HARDEN_$(COMPILER))
FLAGS_debug   := -Og -g -Werror -Wnull-dereference
FLAGS_asan    := $(FEW) -g1 $(SANITIZE)
FLAGS_tsan    := -O0 -g1 -fsanitize=thread -fno-omit-frame-pointer
# One build by clang for its warnings, the search and the lines it reached.
FLAGS_fuzz    := $(FEW) -g1 -Werror -Wnull-dereference -fsanitize=fuzzer-no-link $(SANITIZE) \
                 -fprofile-instr-generate -fcoverage-mapping

CPPFLAGS := -D_GNU_SOURCE -Isrc $(PKG_CFLAGS)
# Under gcc's sanitizers the unit tests share one library: a hundred programs linked whole would be
# gigabytes and take longer than compiling them.
SHARED   := $(if $(filter asan tsan,$(MODE)),$(B)/libzhiheng.so)
POSITION := $(if $(SHARED),-fPIC -fno-semantic-interposition,-fPIE)
CFLAGS   := -std=c11 -ffp-contract=off $(POSITION) -fno-strict-overflow \
            $(if $(SHARED),,$(WARN) $(WARN_$(COMPILER))) $(FLAGS_$(MODE))
comma    := ,
LDFLAGS  := -pie -Wl,--as-needed -Wl,-z,relro,-z,now,-z,noexecstack
LDLIBS   := $(PKG_LIBS) -lpthread -lm

# ---- programs ------------------------------------------------------------------------------
LIB      := $(B)/libzhiheng.a
PROGRAMS := $(patsubst src/%.c,$(B)/%,$(MAINS:src/main.c=src/zhiheng.c))
PROGRAMS := $(PROGRAMS:$(B)/verify=$(B)/zhiheng-verify)
PROGRAMS := $(PROGRAMS:$(B)/witness=$(B)/zhiheng-witness)
VECTORS  := $(if $(wildcard tests/vectors/vectors.c),$(B)/tests/vectors/vectors)
ifneq ($(filter tsan fuzz,$(MODE)),)
PROGRAMS :=
VECTORS  :=
endif
UNIT     := $(UNIT_SRC:%.c=$(B)/%)
TESTS    := $(TEST_MAIN:%.c=$(B)/%)
BENCH    := $(BENCH_SRC:%.c=$(B)/%)
FUZZ     := $(FUZZ_SRC:%.c=$(B)/%)
# Only the release build by the default compiler is what the outside sees as build/<program>.
PUBLIC   := $(if $(filter release-gcc,$(MODE)-$(COMPILER)),$(addprefix build/,$(notdir $(PROGRAMS) $(VECTORS))))

# Every C file compiled, few programs linked.
OBJECTS  := $(patsubst %.c,$(OBJ)/%.o,$(filter-out $(READ_ONLY),$(C_FILES))) $(READ_ONLY:%.c=$(OBJ)/%.ok)

.PHONY: all lib objects unit tests bench fuzz tools test-unit check format format-check cppcheck tidy clean FORCE
all: $(LIB) $(PROGRAMS) $(VECTORS) $(PUBLIC)
lib: $(LIB)
objects: $(OBJECTS)
unit: $(UNIT)
tests: $(TESTS)
bench: $(BENCH)
fuzz: $(FUZZ)
tools: $(TOOL_SRC:%.c=$(B)/%)

$(OBJ)/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<
$(OBJ)/gen/%.o: $(GEN)/%.c Makefile
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<
$(OBJ)/%.ok: %.c Makefile
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -MF $(@:.ok=.d) -MT $@ -fsyntax-only $< && touch $@
$(OBJ)/gen/embed.o: $(PACKS) $(UI) $(UI_GZ) $(SHEETS)
$(OBJ)/tests/%.o $(OBJ)/tests/%.ok: CPPFLAGS += -Itests
# The exact distributions of ranks are summed in double-double, for long.
ifeq ($(MODE),asan)
$(OBJ)/src/num/%.o: CFLAGS += -O1
endif
# Where clang searches, neither the harnesses nor what none of them covers is what is tested.
ifeq ($(MODE),fuzz)
COVERED := $(shell sed -n 's|^// covers: ||p' $(FUZZ_SRC))
QUICK   := $(filter-out src/base/% $(COVERED),$(LIB_SRC))
$(QUICK:%.c=$(OBJ)/%.o): CFLAGS += -O0 -fno-profile-instr-generate -fno-coverage-mapping
$(OBJ)/tests/%.o: CFLAGS += -O0 -fno-sanitize=all -fno-profile-instr-generate -fno-coverage-mapping
endif

LIB_OBJ := $(LIB_SRC:%.c=$(OBJ)/%.o) $(OBJ)/gen/embed.o $(OBJ)/gen/index.o
# Rewritten when a source file appears or disappears, so that the archive never keeps a dead object.
$(B)/objects.list: FORCE
	@mkdir -p $(@D)
	@echo '$(LIB_OBJ)' | cmp -s - $@ || echo '$(LIB_OBJ)' > $@
$(LIB): $(LIB_OBJ) $(B)/objects.list
	@rm -f $@
	ar rcs $@ $(LIB_OBJ)
$(B)/libzhiheng.so: $(LIB_OBJ) $(B)/objects.list
	$(CC) $(CFLAGS) -shared -Wl,-Bsymbolic-functions -Wl,-z,noexecstack -o $@ $(LIB_OBJ) $(LDLIBS)

.SECONDEXPANSION:
LINK = $(CC) $(CFLAGS) $(LDFLAGS) -o $@ $(filter %.o,$^) $(filter %.a %.so,$^) $(LDLIBS)
$(B)/zhiheng: $(OBJ)/src/main.o $(LIB)
	$(LINK)
of_rooms = $(patsubst %.c,$(OBJ)/%.o,$(filter $(addprefix src/,$(addsuffix /%,$1)),$(LIB_SRC)))
.SECONDARY: $(addprefix $(B)/lib,verify.a witness.a)
$(B)/lib%.a: $$(call of_rooms,$$(ROOMS_$$*)) $(B)/objects.list
	@rm -f $@
	ar rcs $@ $(filter %.o,$^)
$(B)/zhiheng-%: $(OBJ)/src/%.o $(B)/lib%.a
	$(LINK)
$(UNIT): $(B)/%: $(OBJ)/%.o $(UNIT_MORE:%.c=$(OBJ)/%.o) $(or $(SHARED),$(LIB))
	@mkdir -p $(@D)
	$(LINK) -lcmocka $(if $(SHARED),-Wl$(comma)-rpath$(comma)'$$ORIGIN/../..')
$(BENCH): $(B)/%: $(OBJ)/%.o $(LIB)
	@mkdir -p $(@D)
	$(LINK)
beside = $(foreach f,$(filter-out $(TEST_MAIN),$(TEST_SRC)),$(if $(filter $(dir $f),$(dir $1)),$(f:%.c=$(OBJ)/%.o)))
$(TESTS): $(B)/%: $(OBJ)/%.o $$(call beside,$$*) $(LIB)
	@mkdir -p $(@D)
	$(LINK)
$(FUZZ): $(B)/%: $(OBJ)/%.o $(LIB)
	@mkdir -p $(@D)
	$(LINK) -fsanitize=fuzzer
build/%: $(B)/%
	cp -f $< $@
build/vectors: $(VECTORS)
	cp -f $< $@

# ---- build-time programs and what they write -----------------------------------------------
$(B)/tool/%: tool/%.c $(wildcard tool/*.h) Makefile
	@mkdir -p $(@D)
	$(CC) -std=c11 -D_GNU_SOURCE -O1 -g -Werror $(WARN) $(WARN_$(COMPILER)) -o $@ $<

$(GEN)/%.gz: %
	@mkdir -p $(@D)
	@gzip -9nc $< > $@
$(GEN)/embed.c: $(B)/tool/embed $(UI_GZ) FORCE
	@mkdir -p $(@D)
	@$(B)/tool/embed $(PACKS) $(SHEETS) $(UI) $(foreach f,$(UI),$(f).gz=$(GEN)/$(f).gz) > $@.new
	@cmp -s $@.new $@ && rm $@.new || mv $@.new $@
$(GEN)/index.c: $(B)/tool/index FORCE
	@mkdir -p $(@D)
	@$(B)/tool/index $(LIB_SRC) > $@.new
	@cmp -s $@.new $@ && rm $@.new || mv $@.new $@

# ---- checks --------------------------------------------------------------------------------
test-unit: unit
	ZH_MODE=$(MODE) CC=$(CC) tests/unit/run.sh
check: $(B)/tool/checksrc
	$(B)/tool/checksrc .
format:
	clang-format -i $(STYLED)
format-check:
	clang-format --dry-run -Werror $(STYLED)
# ctunullpointer takes the `out` of one function for that of another; legacyUninitvar takes an array handed to the function that fills it for a use of its contents;
# varFuncNullUB fears a NULL that is no pointer, which glibc's is; unknownEvaluationOrder takes a designator within one of the same name for a second assignment.
cppcheck:
	@mkdir -p build/cppcheck
	cppcheck --quiet --enable=warning,portability --inline-suppr --std=c11 --error-exitcode=1 \
	    --suppress=missingIncludeSystem --suppress=legacyUninitvar --suppress=varFuncNullUB \
	    --suppress=unknownEvaluationOrder --suppress=ctunullpointer:src/core/cube/cube.c \
	    --cppcheck-build-dir=build/cppcheck -j2 -D_GNU_SOURCE -Isrc $(LIB_SRC) $(MAINS) $(TOOL_SRC)
TIDY := bugprone-*,cert-*,clang-analyzer-*,misc-*,-bugprone-easily-swappable-parameters
TIDY := $(TIDY),-cert-err33-c,-cert-dcl37-c,-cert-dcl51-cpp,-bugprone-reserved-identifier,-misc-unused-parameters
tidy:
	clang-tidy --quiet --checks='-*,$(TIDY)' --warnings-as-errors='*' $(LIB_SRC) $(MAINS) -- \
	    -std=c11 $(CPPFLAGS)

clean:
	rm -rf build

-include $(patsubst %.c,$(OBJ)/%.d,$(C_FILES))
-include $(OBJ)/gen/embed.d $(OBJ)/gen/index.d
