/* The grammar of declaration files: which keys each mapping may hold and what they are. The
 * reference for authors is doc/declarations.md; a test compares the two. */
#include "model/grammar.h"

static const zh_schema field;

static const zh_key codes_keys[] = {
    {.name = "id", .arg = ZH_ARG_NAME, .required = true},
    {.name = "label", .arg = ZH_ARG_LABEL, .required = true},
    {.name = "values", .arg = ZH_ARG_ANY},
    {.name = "file", .arg = ZH_ARG_TEXT},
    {.name = "levels", .arg = ZH_ARG_TEXT, .many = true},
    {.name = "ordered", .arg = ZH_ARG_BOOL},
    {.name = "source", .arg = ZH_ARG_TEXT},
};
static const zh_schema codes = {"编码体系", codes_keys, ZH_COUNTOF(codes_keys)};

static const zh_key code_keys[] = {
    {.name = "zh", .arg = ZH_ARG_TEXT, .required = true},
    {.name = "en", .arg = ZH_ARG_TEXT},
    {.name = "parent", .arg = ZH_ARG_TEXT},
    {.name = "level", .arg = ZH_ARG_TEXT},
    {.name = "from", .arg = ZH_ARG_DATE},
    {.name = "to", .arg = ZH_ARG_DATE},
    {.name = "aliases", .arg = ZH_ARG_TEXT, .many = true},
    {.name = "successors", .arg = ZH_ARG_TEXT, .many = true},
};
static const zh_schema code = {"编码", code_keys, ZH_COUNTOF(code_keys)};

static const zh_key unit_keys[] = {
    {.name = "code", .arg = ZH_ARG_NAME, .required = true},
    {.name = "dimension", .arg = ZH_ARG_ID, .required = true},
    {.name = "label", .arg = ZH_ARG_LABEL, .required = true},
    {.name = "factor", .arg = ZH_ARG_DECIMAL, .required = true},
    {.name = "aliases", .arg = ZH_ARG_NAME, .many = true},
};
static const zh_schema unit = {"单位", unit_keys, ZH_COUNTOF(unit_keys)};

static const zh_key part_of_keys[] = {
    {.name = "register", .arg = ZH_ARG_ID, .required = true},
    {.name = "field", .arg = ZH_ARG_PATH, .required = true},
    {.name = "assign", .arg = ZH_ARG_NUMBER},
    {.name = "of", .arg = ZH_ARG_ID},
    {.name = "exclude", .arg = ZH_ARG_PATH},
};
static const zh_schema part_of = {"从属", part_of_keys, ZH_COUNTOF(part_of_keys)};

static const zh_key record_key_keys[] = {
    {.name = "business", .arg = ZH_ARG_PATH, .many = true},
    {.name = "row", .arg = ZH_ARG_PATH, .many = true},
    {.name = "public", .arg = ZH_ARG_BOOL},
    {.name = "duplicate", .arg = ZH_ARG_TEXT},
    {.name = "on_duplicate", .arg = ZH_ARG_CHOICE, .choices = "offer|offer_join|justify"},
    {.name = "merge", .arg = ZH_ARG_TEXT},
};
static const zh_schema record_key = {"键", record_key_keys, ZH_COUNTOF(record_key_keys)};

static const zh_key number_keys[] = {
    {.name = "field", .arg = ZH_ARG_PATH, .required = true},
    {.name = "pattern", .arg = ZH_ARG_TEXT, .required = true},
};
static const zh_schema number = {"编号", number_keys, ZH_COUNTOF(number_keys)};

static const zh_key field_keys[] = {
    {.name = "id", .arg = ZH_ARG_ID, .required = true},
    {.name = "label", .arg = ZH_ARG_LABEL, .required = true},
    {.name = "type", .arg = ZH_ARG_TEXT, .required = true},
    {.name = "help", .arg = ZH_ARG_LABEL},
    {.name = "note", .arg = ZH_ARG_LABEL},
    {.name = "required", .arg = ZH_ARG_BOOL},
    {.name = "required_when", .arg = ZH_ARG_TEXT},
    {.name = "default", .arg = ZH_ARG_TEXT},
    {.name = "computed", .arg = ZH_ARG_TEXT},
    {.name = "source",
     .arg = ZH_ARG_CHOICE,
     .choices = "form|interface|derived|reference|填报|接口|推算|引用"},
    {.name = "truth", .arg = ZH_ARG_TEXT},
    {.name = "max", .arg = ZH_ARG_NUMBER},
    {.name = "format", .arg = ZH_ARG_TEXT},
    {.name = "system", .arg = ZH_ARG_NAME},
    {.name = "codes", .arg = ZH_ARG_ANY},
    {.name = "level", .arg = ZH_ARG_TEXT},
    {.name = "leaf", .arg = ZH_ARG_BOOL},
    {.name = "at", .arg = ZH_ARG_PATH},
    {.name = "ordered", .arg = ZH_ARG_BOOL},
    {.name = "to", .arg = ZH_ARG_ID},
    {.name = "lookup", .arg = ZH_ARG_TEXT, .many = true},
    {.name = "confirm_state", .arg = ZH_ARG_BOOL},
    {.name = "unit", .arg = ZH_ARG_NAME},
    {.name = "digits", .arg = ZH_ARG_NUMBER},
    {.name = "round", .arg = ZH_ARG_CHOICE, .choices = "refuse|half_even|half_up|up|down"},
    {.name = "of", .arg = ZH_ARG_ID, .many = true},
    {.name = "fields", .arg = ZH_ARG_MAP, .many = true, .sub = &field},
    {.name = "rows_min", .arg = ZH_ARG_NUMBER},
    {.name = "rows_max", .arg = ZH_ARG_NUMBER},
    {.name = "rows_from", .arg = ZH_ARG_NAME},
    {.name = "min", .arg = ZH_ARG_NUMBER},
    {.name = "pipl", .arg = ZH_ARG_CHOICE, .choices = "none|personal|sensitive|minor"},
    {.name = "mask", .arg = ZH_ARG_TEXT},
    {.name = "store", .arg = ZH_ARG_CHOICE, .choices = "plain|sealed"},
    {.name = "search", .arg = ZH_ARG_BOOL},
    {.name = "ask_when", .arg = ZH_ARG_TEXT},
    {.name = "accept", .arg = ZH_ARG_TEXT, .many = true},
    {.name = "signed", .arg = ZH_ARG_BOOL},
    {.name = "digest", .arg = ZH_ARG_BOOL},
    {.name = "strip_exif", .arg = ZH_ARG_BOOL},
    {.name = "on_true", .arg = ZH_ARG_TEXT},
    {.name = "aliases", .arg = ZH_ARG_TEXT, .many = true},
    {.name = "sdmx", .arg = ZH_ARG_TEXT},
    {.name = "since", .arg = ZH_ARG_DATE},
    {.name = "until", .arg = ZH_ARG_DATE},
};
static const zh_schema field = {"字段", field_keys, ZH_COUNTOF(field_keys)};

static const zh_key rule_keys[] = {
    {.name = "id", .arg = ZH_ARG_ID, .required = true},
    {.name = "test", .arg = ZH_ARG_TEXT, .required = true},
    {.name = "level",
     .arg = ZH_ARG_CHOICE,
     .required = true,
     .choices = "reject|justify|hint|拒绝|存疑须说明|提示"},
    {.name = "message", .arg = ZH_ARG_LABEL, .required = true},
    {.name = "clause", .arg = ZH_ARG_LABEL},
    {.name = "rows", .arg = ZH_ARG_PATH},
    {.name = "where_run", .arg = ZH_ARG_CHOICE, .many = true, .choices = "form|intake|api"},
};
static const zh_schema rule = {"校验规则", rule_keys, ZH_COUNTOF(rule_keys)};

static const zh_key state_keys[] = {
    {.name = "id", .arg = ZH_ARG_ID, .required = true},
    {.name = "label", .arg = ZH_ARG_LABEL, .required = true},
    {.name = "public", .arg = ZH_ARG_LABEL},
    {.name = "initial", .arg = ZH_ARG_BOOL},
    {.name = "terminal", .arg = ZH_ARG_BOOL},
    {.name = "frozen", .arg = ZH_ARG_BOOL},
    {.name = "allow", .arg = ZH_ARG_PATH, .many = true},
};
static const zh_schema state = {"状态", state_keys, ZH_COUNTOF(state_keys)};

static const zh_key vote_keys[] = {
    {.name = "k", .arg = ZH_ARG_NUMBER},
    {.name = "of", .arg = ZH_ARG_NUMBER, .required = true},
    {.name = "majority", .arg = ZH_ARG_BOOL},
    {.name = "otherwise", .arg = ZH_ARG_ID},
    {.name = "until", .arg = ZH_ARG_ID},
    {.name = "quorum", .arg = ZH_ARG_NUMBER},
};
static const zh_schema vote = {"表决", vote_keys, ZH_COUNTOF(vote_keys)};

static const zh_key transition_keys[] = {
    {.name = "id", .arg = ZH_ARG_ID, .required = true},
    {.name = "label", .arg = ZH_ARG_LABEL},
    {.name = "from", .arg = ZH_ARG_TEXT, .many = true, .required = true},
    {.name = "to", .arg = ZH_ARG_TEXT},
    {.name = "handler", .arg = ZH_ARG_TEXT},
    {.name = "kind",
     .arg = ZH_ARG_CHOICE,
     .choices = "handle|countersign|return|withdraw|reassign|auto|办理|会签|退回|撤回|转办|自动"},
    {.name = "roles", .arg = ZH_ARG_TEXT, .many = true},
    {.name = "guard", .arg = ZH_ARG_TEXT},
    {.name = "when", .arg = ZH_ARG_TEXT},
    {.name = "need", .arg = ZH_ARG_PATH, .many = true},
    {.name = "optional", .arg = ZH_ARG_PATH, .many = true},
    {.name = "reasons", .arg = ZH_ARG_ANY},
    {.name = "set", .arg = ZH_ARG_TEXTS},
    {.name = "two_person", .arg = ZH_ARG_BOOL},
    {.name = "limit", .arg = ZH_ARG_NUMBER},
    {.name = "document", .arg = ZH_ARG_TEXT},
    {.name = "creates", .arg = ZH_ARG_ANY},
    {.name = "notify", .arg = ZH_ARG_TEXT, .many = true},
    {.name = "vote", .arg = ZH_ARG_MAP, .sub = &vote},
    {.name = "sign", .arg = ZH_ARG_TEXT, .many = true},
    {.name = "signature", .arg = ZH_ARG_ID},
    {.name = "clause", .arg = ZH_ARG_TEXT},
};
static const zh_schema transition = {"流转", transition_keys, ZH_COUNTOF(transition_keys)};

static const zh_key document_number_keys[] = {
    {.name = "field", .arg = ZH_ARG_PATH, .required = true},
    {.name = "pattern", .arg = ZH_ARG_TEXT, .required = true},
};
static const zh_schema document_number = {"文号", document_number_keys,
                                          ZH_COUNTOF(document_number_keys)};

static const zh_key document_keys[] = {
    {.name = "id", .arg = ZH_ARG_ID, .required = true},
    {.name = "label", .arg = ZH_ARG_LABEL, .required = true},
    {.name = "office", .arg = ZH_ARG_TEXT, .required = true},
    {.name = "title", .arg = ZH_ARG_TEXT, .required = true},
    {.name = "to", .arg = ZH_ARG_TEXT},
    {.name = "body", .arg = ZH_ARG_ANY, .required = true},
    {.name = "number", .arg = ZH_ARG_MAP, .sub = &document_number},
    {.name = "file", .arg = ZH_ARG_PATH, .required = true},
};
static const zh_schema document = {"文书", document_keys, ZH_COUNTOF(document_keys)};

static const zh_key replaces_keys[] = {
    {.name = "field", .arg = ZH_ARG_PATH, .required = true},
    {.name = "transition", .arg = ZH_ARG_ID, .required = true},
};
static const zh_schema replaces = {"取代", replaces_keys, ZH_COUNTOF(replaces_keys)};

static const zh_key clock_version_keys[] = {
    {.name = "from", .arg = ZH_ARG_DATE},
    {.name = "to", .arg = ZH_ARG_DATE},
    {.name = "when", .arg = ZH_ARG_TEXT},
    {.name = "amount", .arg = ZH_ARG_NUMBER},
    {.name = "amount_field", .arg = ZH_ARG_PATH},
    {.name = "unit", .arg = ZH_ARG_CHOICE, .choices = "hour|day|working_day|month|year"},
    {.name = "date", .arg = ZH_ARG_TEXT},
    {.name = "clause", .arg = ZH_ARG_LABEL},
    {.name = "unverified", .arg = ZH_ARG_BOOL},
};
static const zh_schema clock_version = {"时限版本", clock_version_keys,
                                        ZH_COUNTOF(clock_version_keys)};

static const zh_key extend_keys[] = {
    {.name = "approve", .arg = ZH_ARG_TEXT, .required = true},
    {.name = "by", .arg = ZH_ARG_ID, .required = true},
    {.name = "limit", .arg = ZH_ARG_NUMBER},
    {.name = "amount", .arg = ZH_ARG_DURATION, .required = true},
};
static const zh_schema extend = {"延期", extend_keys, ZH_COUNTOF(extend_keys)};

static const zh_key clock_keys[] = {
    {.name = "id", .arg = ZH_ARG_ID, .required = true},
    {.name = "label", .arg = ZH_ARG_LABEL},
    {.name = "start", .arg = ZH_ARG_PATH, .required = true},
    {.name = "stop", .arg = ZH_ARG_PATH, .many = true},
    {.name = "suspend", .arg = ZH_ARG_ID, .many = true},
    {.name = "every", .arg = ZH_ARG_DURATION},
    {.name = "versions", .arg = ZH_ARG_MAP, .many = true, .required = true, .sub = &clock_version},
    {.name = "warn", .arg = ZH_ARG_DURATION, .many = true},
    {.name = "extend", .arg = ZH_ARG_MAP, .sub = &extend},
    {.name = "on_breach", .arg = ZH_ARG_ID},
    {.name = "notify", .arg = ZH_ARG_TEXT, .many = true},
    {.name = "public", .arg = ZH_ARG_BOOL},
    {.name = "visible_to", .arg = ZH_ARG_TEXT, .many = true},
};
static const zh_schema clock = {"时限", clock_keys, ZH_COUNTOF(clock_keys)};

static const zh_key due_keys[] = {
    {.name = "id", .arg = ZH_ARG_ID, .required = true},
    {.name = "field", .arg = ZH_ARG_PATH, .required = true},
    {.name = "transition", .arg = ZH_ARG_ID, .required = true},
};
static const zh_schema due = {"到期", due_keys, ZH_COUNTOF(due_keys)};

static const zh_key access_keys[] = {
    {.name = "role", .arg = ZH_ARG_TEXT, .required = true},
    {.name = "rows", .arg = ZH_ARG_TEXT},
    {.name = "self", .arg = ZH_ARG_ID},
    {.name = "can", .arg = ZH_ARG_TEXT, .many = true, .required = true},
    {.name = "mask", .arg = ZH_ARG_PATH, .many = true},
    {.name = "drop", .arg = ZH_ARG_PATH, .many = true},
    {.name = "purpose", .arg = ZH_ARG_LABEL},
};
static const zh_schema access = {"权限", access_keys, ZH_COUNTOF(access_keys)};

static const zh_key aggregate_keys[] = {
    {.name = "k", .arg = ZH_ARG_NUMBER, .required = true},
    {.name = "dims", .arg = ZH_ARG_TEXT, .many = true},
};
static const zh_schema aggregate = {"汇总公开", aggregate_keys, ZH_COUNTOF(aggregate_keys)};

static const zh_key publication_keys[] = {
    {.name = "records_when", .arg = ZH_ARG_TEXT},
    {.name = "approve", .arg = ZH_ARG_TEXT},
    {.name = "delay", .arg = ZH_ARG_DURATION},
    {.name = "fields", .arg = ZH_ARG_TEXT, .many = true},
    {.name = "aggregate", .arg = ZH_ARG_MAP, .sub = &aggregate},
    {.name = "threshold", .arg = ZH_ARG_TEXT},
    {.name = "transform", .arg = ZH_ARG_TEXTS},
    {.name = "channels", .arg = ZH_ARG_TEXT, .many = true},
    {.name = "licence", .arg = ZH_ARG_TEXT},
    {.name = "correct", .arg = ZH_ARG_TEXT},
    {.name = "withdraw", .arg = ZH_ARG_TEXT},
    {.name = "appeal", .arg = ZH_ARG_DURATION},
    {.name = "internal_only", .arg = ZH_ARG_ANY},
};
static const zh_schema publication = {"公开", publication_keys, ZH_COUNTOF(publication_keys)};

static const zh_key measure_keys[] = {
    {.name = "kind",
     .arg = ZH_ARG_CHOICE,
     .required = true,
     .choices = "count|sum|sumsq|distinct|any_of|quantile|stock"},
    {.name = "label", .arg = ZH_ARG_LABEL},
    {.name = "where", .arg = ZH_ARG_TEXT},
    {.name = "rows", .arg = ZH_ARG_PATH},
    {.name = "of", .arg = ZH_ARG_TEXT},
    {.name = "key", .arg = ZH_ARG_TEXT},
    {.name = "digits", .arg = ZH_ARG_NUMBER},
};
static const zh_schema measure = {"量度", measure_keys, ZH_COUNTOF(measure_keys)};

static const zh_key dim_keys[] = {
    {.name = "id", .arg = ZH_ARG_ID},       {.name = "field", .arg = ZH_ARG_TEXT},
    {.name = "expr", .arg = ZH_ARG_TEXT},   {.name = "level", .arg = ZH_ARG_TEXT},
    {.name = "system", .arg = ZH_ARG_NAME}, {.name = "values", .arg = ZH_ARG_NUMBER},
};
static const zh_schema dim = {"维度", dim_keys, ZH_COUNTOF(dim_keys)};

static const zh_key cube_keys[] = {
    {.name = "id", .arg = ZH_ARG_ID, .required = true},
    {.name = "dims", .arg = ZH_ARG_ANY, .many = true, .required = true},
    {.name = "measures", .arg = ZH_ARG_ID, .many = true, .required = true},
    {.name = "dense", .arg = ZH_ARG_BOOL},
};
static const zh_schema cube = {"立方", cube_keys, ZH_COUNTOF(cube_keys)};

static const zh_key index_keys[] = {
    {.name = "id", .arg = ZH_ARG_ID, .required = true},
    {.name = "fields", .arg = ZH_ARG_PATH, .many = true, .required = true},
    {.name = "unique", .arg = ZH_ARG_BOOL},
};
static const zh_schema index = {"索引", index_keys, ZH_COUNTOF(index_keys)};

static const zh_key view_keys[] = {
    {.name = "label", .arg = ZH_ARG_LABEL}, {.name = "columns", .arg = ZH_ARG_TEXT, .many = true},
    {.name = "sort", .arg = ZH_ARG_TEXT},   {.name = "index", .arg = ZH_ARG_PATH, .many = true},
    {.name = "map", .arg = ZH_ARG_PATH},    {.name = "where", .arg = ZH_ARG_TEXT},
};
static const zh_schema view = {"视图", view_keys, ZH_COUNTOF(view_keys)};

static const zh_key who_keys[] = {
    {.name = "register", .arg = ZH_ARG_ID, .required = true},
    {.name = "where", .arg = ZH_ARG_TEXT},
};
static const zh_schema who = {"范围", who_keys, ZH_COUNTOF(who_keys)};

static const zh_key obligation_keys[] = {
    {.name = "id", .arg = ZH_ARG_ID, .required = true},
    {.name = "label", .arg = ZH_ARG_LABEL},
    {.name = "who", .arg = ZH_ARG_MAP, .required = true, .sub = &who},
    {.name = "every",
     .arg = ZH_ARG_CHOICE,
     .required = true,
     .choices = "day|week|month|quarter|half|year"},
    {.name = "due", .arg = ZH_ARG_DURATION, .required = true},
    {.name = "party", .arg = ZH_ARG_PATH, .required = true},
    {.name = "period", .arg = ZH_ARG_PATH},
    {.name = "remind", .arg = ZH_ARG_DURATION, .many = true},
};
static const zh_schema obligation = {"填报义务", obligation_keys, ZH_COUNTOF(obligation_keys)};

static const zh_key explained_keys[] = {
    {.name = "label", .arg = ZH_ARG_LABEL, .required = true},
};
static const zh_schema explained = {"评定输入的说法", explained_keys, ZH_COUNTOF(explained_keys)};

static const zh_key override_keys[] = {
    {.name = "if", .arg = ZH_ARG_TEXT, .required = true},
    {.name = "grade", .arg = ZH_ARG_TEXT, .required = true},
    {.name = "clause", .arg = ZH_ARG_TEXT},
};
static const zh_schema override = {"直判", override_keys, ZH_COUNTOF(override_keys)};

static const zh_key grade_keys[] = {
    {.name = "grade", .arg = ZH_ARG_TEXT, .required = true},
    {.name = "min", .arg = ZH_ARG_DECIMAL, .required = true},
};
static const zh_schema grade = {"等级", grade_keys, ZH_COUNTOF(grade_keys)};

static const zh_key band_keys[] = {
    {.name = "from", .arg = ZH_ARG_DATE, .required = true},
    {.name = "grades", .arg = ZH_ARG_MAP, .many = true, .required = true, .sub = &grade},
};
static const zh_schema band = {"等级分档", band_keys, ZH_COUNTOF(band_keys)};

static const zh_key effect_keys[] = {
    {.name = "register", .arg = ZH_ARG_ID, .required = true},
    {.name = "transition", .arg = ZH_ARG_ID},
    {.name = "set", .arg = ZH_ARG_TEXTS},
};
static const zh_schema effect = {"评定结果", effect_keys, ZH_COUNTOF(effect_keys)};

static const zh_key line_keys[] = {
    {.name = "input", .arg = ZH_ARG_TEXT, .required = true},
    {.name = "if", .arg = ZH_ARG_TEXT},
    {.name = "points", .arg = ZH_ARG_TEXT, .required = true},
    {.name = "clause", .arg = ZH_ARG_TEXT},
    {.name = "expires", .arg = ZH_ARG_DURATION},
};
static const zh_schema line = {"评分表行", line_keys, ZH_COUNTOF(line_keys)};

static const zh_key objection_keys[] = {
    {.name = "within", .arg = ZH_ARG_DURATION, .required = true},
};
static const zh_schema objection = {"评定异议", objection_keys, ZH_COUNTOF(objection_keys)};

static const zh_key repair_keys[] = {
    {.name = "after", .arg = ZH_ARG_DURATION, .required = true},
    {.name = "if", .arg = ZH_ARG_TEXT},
    {.name = "points", .arg = ZH_ARG_TEXT},
    {.name = "grade", .arg = ZH_ARG_TEXT},
    {.name = "clause", .arg = ZH_ARG_TEXT},
};
static const zh_schema repair = {"信用修复", repair_keys, ZH_COUNTOF(repair_keys)};

static const zh_key judgement_keys[] = {
    {.name = "id", .arg = ZH_ARG_ID, .required = true},
    {.name = "label", .arg = ZH_ARG_LABEL},
    {.name = "for_each", .arg = ZH_ARG_MAP, .required = true, .sub = &who},
    {.name = "when", .arg = ZH_ARG_TEXT, .many = true},
    {.name = "inputs", .arg = ZH_ARG_TEXTS, .required = true},
    {.name = "explain", .arg = ZH_ARG_DICT, .sub = &explained},
    {.name = "engine", .arg = ZH_ARG_TEXT},
    {.name = "parameters", .arg = ZH_ARG_TEXTS},
    {.name = "result", .arg = ZH_ARG_TEXT},
    {.name = "points", .arg = ZH_ARG_TEXT},
    {.name = "base", .arg = ZH_ARG_DECIMAL},
    {.name = "table", .arg = ZH_ARG_MAP, .many = true, .sub = &line},
    {.name = "caps", .arg = ZH_ARG_TEXTS},
    {.name = "overrides", .arg = ZH_ARG_MAP, .many = true, .sub = &override},
    {.name = "bands", .arg = ZH_ARG_MAP, .many = true, .sub = &band},
    {.name = "party", .arg = ZH_ARG_PATH},
    {.name = "effect", .arg = ZH_ARG_MAP, .sub = &effect},
    {.name = "objection", .arg = ZH_ARG_MAP, .sub = &objection},
    {.name = "repair", .arg = ZH_ARG_MAP, .sub = &repair},
    {.name = "expires", .arg = ZH_ARG_DURATION},
};
static const zh_schema judgement = {"评定", judgement_keys, ZH_COUNTOF(judgement_keys)};

static const zh_key redact_keys[] = {
    {.name = "period", .arg = ZH_ARG_DURATION, .required = true},
    {.name = "fields", .arg = ZH_ARG_PATH, .many = true, .required = true},
};
static const zh_schema redact = {"脱敏", redact_keys, ZH_COUNTOF(redact_keys)};

static const zh_key retention_keys[] = {
    {.name = "class", .arg = ZH_ARG_TEXT},
    {.name = "period", .arg = ZH_ARG_DURATION},
    {.name = "start", .arg = ZH_ARG_PATH},
    {.name = "extend_on_activity", .arg = ZH_ARG_BOOL},
    {.name = "redact_after", .arg = ZH_ARG_MAP, .sub = &redact},
    {.name = "dispose", .arg = ZH_ARG_CHOICE, .choices = "two_person_tombstone|tombstone|keep"},
    {.name = "hold", .arg = ZH_ARG_BOOL},
    {.name = "note", .arg = ZH_ARG_TEXT},
};
static const zh_key contact_keys[] = {
    {.name = "audience", .arg = ZH_ARG_TEXT, .required = true},
    {.name = "email", .arg = ZH_ARG_PATH},
    {.name = "phone", .arg = ZH_ARG_PATH},
    {.name = "code", .arg = ZH_ARG_PATH, .required = true},
    {.name = "steps", .arg = ZH_ARG_TEXT, .many = true},
};
static const zh_schema contact = {"联系方式", contact_keys, ZH_COUNTOF(contact_keys)};

static const zh_schema retention = {"留存", retention_keys, ZH_COUNTOF(retention_keys)};

static const zh_key rights_keys[] = {
    {.name = "access", .arg = ZH_ARG_TEXT},
    {.name = "correct", .arg = ZH_ARG_TEXT},
    {.name = "erase", .arg = ZH_ARG_TEXT},
};
static const zh_schema rights = {"主体权利", rights_keys, ZH_COUNTOF(rights_keys)};

static const zh_key privacy_keys[] = {
    {.name = "subjects", .arg = ZH_ARG_PATH, .many = true},
    {.name = "purpose", .arg = ZH_ARG_TEXT},
    {.name = "basis", .arg = ZH_ARG_TEXT},
    {.name = "grade", .arg = ZH_ARG_TEXT},
    {.name = "sharing", .arg = ZH_ARG_TEXT, .many = true},
    {.name = "rights", .arg = ZH_ARG_MAP, .sub = &rights},
    {.name = "abroad", .arg = ZH_ARG_BOOL},
    {.name = "read_log", .arg = ZH_ARG_BOOL},
    {.name = "ask_purpose", .arg = ZH_ARG_BOOL},
    {.name = "note", .arg = ZH_ARG_TEXT},
};
static const zh_schema privacy = {"个人信息", privacy_keys, ZH_COUNTOF(privacy_keys)};

static const zh_key evidence_keys[] = {
    {.name = "ledger", .arg = ZH_ARG_ANY},
    {.name = "digest", .arg = ZH_ARG_PATH, .many = true},
    {.name = "hash", .arg = ZH_ARG_CHOICE, .choices = "SM3|SHA-256"},
    {.name = "sign", .arg = ZH_ARG_TEXTS},
    {.name = "note", .arg = ZH_ARG_TEXT},
};
static const zh_schema evidence = {"存证", evidence_keys, ZH_COUNTOF(evidence_keys)};

static const zh_key evidence_ledger_keys[] = {
    {.name = "drop", .arg = ZH_ARG_PATH, .many = true},
    {.name = "salted", .arg = ZH_ARG_PATH, .many = true},
};
static const zh_schema evidence_ledger = {"存证范围", evidence_ledger_keys,
                                          ZH_COUNTOF(evidence_ledger_keys)};

static const zh_key outbound_keys[] = {
    {.name = "id", .arg = ZH_ARG_ID, .required = true},
    {.name = "to", .arg = ZH_ARG_TEXT},
    {.name = "format",
     .arg = ZH_ARG_CHOICE,
     .required = true,
     .choices = "json|csv|xml|epcis|open311|dcat|sdmx"},
    {.name = "fields", .arg = ZH_ARG_PATH, .many = true},
    {.name = "map", .arg = ZH_ARG_TEXTS},
    {.name = "schedule", .arg = ZH_ARG_TEXT},
    {.name = "receipt", .arg = ZH_ARG_TEXT},
};
static const zh_schema outbound = {"对外交换", outbound_keys, ZH_COUNTOF(outbound_keys)};

static const zh_key exchange_keys[] = {
    {.name = "in", .arg = ZH_ARG_ID, .many = true},
    {.name = "out", .arg = ZH_ARG_MAP, .many = true, .sub = &outbound},
};
static const zh_schema exchange = {"交换", exchange_keys, ZH_COUNTOF(exchange_keys)};

static const zh_key migrate_keys[] = {
    {.name = "drop", .arg = ZH_ARG_PATH, .many = true},
    {.name = "narrow", .arg = ZH_ARG_PATH, .many = true},
};
static const zh_schema migrate = {"迁移", migrate_keys, ZH_COUNTOF(migrate_keys)};

static const zh_key before_keys[] = {
    {.name = "register", .arg = ZH_ARG_ID, .required = true},
    {.name = "given", .arg = ZH_ARG_ANY, .required = true},
    {.name = "as", .arg = ZH_ARG_ID},
};
static const zh_schema before = {"先有记录", before_keys, ZH_COUNTOF(before_keys)};

static const zh_key expect_error_keys[] = {
    {.name = "rule", .arg = ZH_ARG_TEXT},
    {.name = "field", .arg = ZH_ARG_TEXT},
    {.name = "message", .arg = ZH_ARG_TEXT},
};
static const zh_schema expect_error = {"预期错误", expect_error_keys,
                                       ZH_COUNTOF(expect_error_keys)};

static const zh_key step_keys[] = {
    {.name = "add", .arg = ZH_ARG_MAP, .sub = &before},
    {.name = "run", .arg = ZH_ARG_CHOICE, .choices = "judgements|obligations"},
    {.name = "judgement", .arg = ZH_ARG_TEXT},
    {.name = "transition", .arg = ZH_ARG_ID},
    {.name = "set", .arg = ZH_ARG_ANY},
    {.name = "amend", .arg = ZH_ARG_ANY},
    {.name = "at", .arg = ZH_ARG_TEXT},
    {.name = "role", .arg = ZH_ARG_TEXT},
    {.name = "actor", .arg = ZH_ARG_TEXT},
    {.name = "vote", .arg = ZH_ARG_CHOICE, .choices = "yes|no"},
    {.name = "to", .arg = ZH_ARG_ID},
    {.name = "reason", .arg = ZH_ARG_TEXT},
    {.name = "expect", .arg = ZH_ARG_ANY},
    {.name = "expect_error", .arg = ZH_ARG_MAP, .sub = &expect_error},
};
static const zh_schema step = {"测试步骤", step_keys, ZH_COUNTOF(step_keys)};

static const zh_key test_keys[] = {
    {.name = "id", .arg = ZH_ARG_ID, .required = true},
    {.name = "given", .arg = ZH_ARG_ANY},
    {.name = "given_from", .arg = ZH_ARG_ID},
    {.name = "change", .arg = ZH_ARG_ANY},
    {.name = "before", .arg = ZH_ARG_MAP, .many = true, .sub = &before},
    {.name = "recorded_at", .arg = ZH_ARG_TEXT},
    {.name = "role", .arg = ZH_ARG_TEXT},
    {.name = "steps", .arg = ZH_ARG_MAP, .many = true, .sub = &step},
    {.name = "expect", .arg = ZH_ARG_ANY},
    {.name = "expect_error", .arg = ZH_ARG_MAP, .sub = &expect_error},
};
static const zh_schema test = {"检验", test_keys, ZH_COUNTOF(test_keys)};

static const zh_key kindred_keys[] = {
    {.name = "id", .arg = ZH_ARG_ID, .required = true},
    {.name = "label", .arg = ZH_ARG_LABEL, .required = true},
    {.name = "same", .arg = ZH_ARG_TEXT, .many = true, .required = true},
    {.name = "where", .arg = ZH_ARG_TEXT},
};
static const zh_schema kindred = {"同类记录", kindred_keys, ZH_COUNTOF(kindred_keys)};

static const zh_key reg_keys[] = {
    {.name = "id", .arg = ZH_ARG_ID, .required = true},
    {.name = "version", .arg = ZH_ARG_TEXT, .required = true},
    {.name = "effective", .arg = ZH_ARG_DATE, .required = true},
    {.name = "supersedes", .arg = ZH_ARG_TEXT},
    {.name = "label", .arg = ZH_ARG_LABEL, .required = true},
    {.name = "theme", .arg = ZH_ARG_NAME},
    {.name = "title", .arg = ZH_ARG_LABEL},
    {.name = "related", .arg = ZH_ARG_MAP, .many = true, .sub = &kindred},
    {.name = "owner", .arg = ZH_ARG_LABEL},
    {.name = "purpose", .arg = ZH_ARG_LABEL},
    {.name = "basis", .arg = ZH_ARG_LABEL, .many = true},
    {.name = "glossary", .arg = ZH_ARG_TEXTS},
    {.name = "part_of", .arg = ZH_ARG_MAP, .sub = &part_of},
    {.name = "key", .arg = ZH_ARG_MAP, .sub = &record_key},
    {.name = "number", .arg = ZH_ARG_MAP, .sub = &number},
    {.name = "home", .arg = ZH_ARG_PATH},
    {.name = "event_time", .arg = ZH_ARG_PATH},
    {.name = "basis_kind", .arg = ZH_ARG_PATH},
    {.name = "weight", .arg = ZH_ARG_TEXT},
    {.name = "expected_records", .arg = ZH_ARG_NUMBER},
    {.name = "fields", .arg = ZH_ARG_MAP, .many = true, .required = true, .sub = &field},
    {.name = "rules", .arg = ZH_ARG_MAP, .many = true, .sub = &rule},
    {.name = "states", .arg = ZH_ARG_MAP, .many = true, .sub = &state},
    {.name = "transitions", .arg = ZH_ARG_MAP, .many = true, .sub = &transition},
    {.name = "documents", .arg = ZH_ARG_MAP, .many = true, .sub = &document},
    {.name = "replaces", .arg = ZH_ARG_MAP, .sub = &replaces},
    {.name = "clocks", .arg = ZH_ARG_MAP, .many = true, .sub = &clock},
    {.name = "dues", .arg = ZH_ARG_MAP, .many = true, .sub = &due},
    {.name = "access", .arg = ZH_ARG_MAP, .many = true, .sub = &access},
    {.name = "notify", .arg = ZH_ARG_TEXT, .many = true},
    {.name = "publication", .arg = ZH_ARG_MAP, .sub = &publication},
    {.name = "count_when", .arg = ZH_ARG_TEXT},
    {.name = "measures", .arg = ZH_ARG_DICT, .sub = &measure},
    {.name = "cubes", .arg = ZH_ARG_MAP, .many = true, .sub = &cube},
    {.name = "indexes", .arg = ZH_ARG_MAP, .many = true, .sub = &index},
    {.name = "views", .arg = ZH_ARG_DICT, .sub = &view},
    {.name = "obligations", .arg = ZH_ARG_MAP, .many = true, .sub = &obligation},
    {.name = "judgements", .arg = ZH_ARG_MAP, .many = true, .sub = &judgement},
    {.name = "contact", .arg = ZH_ARG_MAP, .sub = &contact},
    {.name = "retention", .arg = ZH_ARG_MAP, .sub = &retention},
    {.name = "privacy", .arg = ZH_ARG_MAP, .sub = &privacy},
    {.name = "evidence", .arg = ZH_ARG_MAP, .sub = &evidence},
    {.name = "exchange", .arg = ZH_ARG_MAP, .sub = &exchange},
    {.name = "detectors", .arg = ZH_ARG_TEXT, .many = true},
    {.name = "bias", .arg = ZH_ARG_LABEL},
    {.name = "migrate", .arg = ZH_ARG_MAP, .sub = &migrate},
    {.name = "tests", .arg = ZH_ARG_MAP, .many = true, .sub = &test},
};
static const zh_schema reg = {"登记册", reg_keys, ZH_COUNTOF(reg_keys)};

static const zh_key weights_keys[] = {
    {.name = "register", .arg = ZH_ARG_ID, .required = true},
    {.name = "field", .arg = ZH_ARG_PATH, .required = true},
    {.name = "key", .arg = ZH_ARG_TEXT, .required = true},
    {.name = "missing",
     .arg = ZH_ARG_CHOICE,
     .required = true,
     .choices = "refuse|drop|renormalise"},
};
static const zh_schema weights = {"权重", weights_keys, ZH_COUNTOF(weights_keys)};

static const zh_key component_keys[] = {
    {.name = "indicator", .arg = ZH_ARG_ID, .required = true},
    {.name = "weight", .arg = ZH_ARG_DECIMAL, .required = true},
    {.name = "low", .arg = ZH_ARG_DECIMAL},
    {.name = "high", .arg = ZH_ARG_DECIMAL},
    {.name = "descending", .arg = ZH_ARG_BOOL},
};
static const zh_schema component = {"分指标", component_keys, ZH_COUNTOF(component_keys)};

static const zh_key indicator_test_keys[] = {
    {.name = "given", .arg = ZH_ARG_ANY, .required = true},
    {.name = "question", .arg = ZH_ARG_TEXTS},
    {.name = "expect", .arg = ZH_ARG_TEXTS, .required = true},
};
static const zh_schema indicator_test = {"指标算例", indicator_test_keys,
                                         ZH_COUNTOF(indicator_test_keys)};

static const zh_key indicator_keys[] = {
    {.name = "id", .arg = ZH_ARG_ID, .required = true},
    {.name = "label", .arg = ZH_ARG_LABEL, .required = true},
    {.name = "definition", .arg = ZH_ARG_LABEL, .required = true},
    {.name = "kind",
     .arg = ZH_ARG_CHOICE,
     .required = true,
     .choices = "count|sum|ratio|rate|mean|share|growth|weighted|matched|design|quantile|distinct|"
                "stock|composite"},
    {.name = "register", .arg = ZH_ARG_ID},
    {.name = "num", .arg = ZH_ARG_TEXT},
    {.name = "den", .arg = ZH_ARG_TEXT},
    {.name = "where", .arg = ZH_ARG_TEXT},
    {.name = "unit", .arg = ZH_ARG_TEXT},
    {.name = "digits", .arg = ZH_ARG_NUMBER},
    {.name = "interval", .arg = ZH_ARG_CHOICE, .choices = "wilson95|clopper95|none"},
    {.name = "basis", .arg = ZH_ARG_CHOICE, .choices = "random|targeted|mixed"},
    {.name = "basis_note", .arg = ZH_ARG_LABEL},
    {.name = "n_min", .arg = ZH_ARG_NUMBER},
    {.name = "q", .arg = ZH_ARG_DECIMAL},
    {.name = "ytd", .arg = ZH_ARG_BOOL},
    {.name = "of", .arg = ZH_ARG_ID},
    {.name = "against", .arg = ZH_ARG_CHOICE, .choices = "previous|year"},
    {.name = "weights", .arg = ZH_ARG_MAP, .sub = &weights},
    {.name = "match", .arg = ZH_ARG_TEXT},
    {.name = "weight", .arg = ZH_ARG_TEXT},
    {.name = "components", .arg = ZH_ARG_MAP, .many = true, .sub = &component},
    {.name = "better", .arg = ZH_ARG_CHOICE, .choices = "higher|lower"},
    {.name = "note", .arg = ZH_ARG_LABEL},
    {.name = "bias", .arg = ZH_ARG_LABEL},
    {.name = "tests", .arg = ZH_ARG_MAP, .many = true, .sub = &indicator_test},
};
static const zh_schema indicator = {"指标", indicator_keys, ZH_COUNTOF(indicator_keys)};

static const zh_key detector_map_keys[] = {
    {.name = "register", .arg = ZH_ARG_ID, .required = true},
    {.name = "from", .arg = ZH_ARG_PATH, .required = true},
    {.name = "to", .arg = ZH_ARG_PATH, .required = true},
};
static const zh_schema detector_map = {"探测器对照", detector_map_keys,
                                       ZH_COUNTOF(detector_map_keys)};

static const zh_key detector_dim_keys[] = {
    {.name = "id", .arg = ZH_ARG_ID, .required = true},
    {.name = "label", .arg = ZH_ARG_LABEL, .required = true},
    {.name = "expr", .arg = ZH_ARG_TEXT, .required = true},
    {.name = "rows", .arg = ZH_ARG_PATH},
    {.name = "map", .arg = ZH_ARG_MAP, .sub = &detector_map},
};
static const zh_schema detector_dim = {"探测器维度", detector_dim_keys,
                                       ZH_COUNTOF(detector_dim_keys)};

static const zh_key detector_task_keys[] = {
    {.name = "register", .arg = ZH_ARG_ID, .required = true},
    {.name = "kind", .arg = ZH_ARG_TEXT, .required = true},
    {.name = "place", .arg = ZH_ARG_TEXT},
};
static const zh_schema detector_task = {"探测器任务", detector_task_keys,
                                        ZH_COUNTOF(detector_task_keys)};

static const zh_key detector_series_keys[] = {
    {.name = "grain", .arg = ZH_ARG_CHOICE, .required = true, .choices = "day|week|month"},
    {.name = "amount", .arg = ZH_ARG_TEXT},
    {.name = "event", .arg = ZH_ARG_TEXT},
    {.name = "parameters", .arg = ZH_ARG_TEXTS},
};
static const zh_schema detector_series = {"探测器序列", detector_series_keys,
                                          ZH_COUNTOF(detector_series_keys)};

static const zh_key detector_keys[] = {
    {.name = "id", .arg = ZH_ARG_ID, .required = true},
    {.name = "label", .arg = ZH_ARG_LABEL, .required = true},
    {.name = "version", .arg = ZH_ARG_TEXT, .required = true},
    {.name = "purpose", .arg = ZH_ARG_LABEL},
    {.name = "register", .arg = ZH_ARG_ID, .required = true},
    {.name = "where", .arg = ZH_ARG_TEXT},
    {.name = "count_by", .arg = ZH_ARG_TEXT},
    {.name = "unit", .arg = ZH_ARG_LABEL, .required = true},
    {.name = "row", .arg = ZH_ARG_MAP, .sub = &detector_dim},
    {.name = "column", .arg = ZH_ARG_MAP, .sub = &detector_dim},
    {.name = "series", .arg = ZH_ARG_MAP, .sub = &detector_series},
    {.name = "engine", .arg = ZH_ARG_TEXT, .required = true},
    {.name = "criteria", .arg = ZH_ARG_TEXTS, .required = true},
    {.name = "report", .arg = ZH_ARG_TEXT},
    {.name = "profile", .arg = ZH_ARG_MAP, .many = true, .sub = &detector_dim},
    {.name = "signals", .arg = ZH_ARG_ID, .required = true},
    {.name = "task", .arg = ZH_ARG_MAP, .sub = &detector_task},
    {.name = "note", .arg = ZH_ARG_LABEL},
};
static const zh_schema detector = {"探测器", detector_keys, ZH_COUNTOF(detector_keys)};

static const zh_key tie_keys[] = {
    {.name = "target", .arg = ZH_ARG_TEXT, .required = true},
    {.name = "indicator", .arg = ZH_ARG_ID, .required = true},
    {.name = "basis", .arg = ZH_ARG_CHOICE, .choices = "random|targeted|mixed"},
    {.name = "basis_note", .arg = ZH_ARG_LABEL},
};
static const zh_schema tie = {"挂接", tie_keys, ZH_COUNTOF(tie_keys)};

static const zh_key outline_tag_keys[] = {
    {.name = "tag", .arg = ZH_ARG_TEXT, .required = true},
    {.name = "outline", .arg = ZH_ARG_TEXT, .required = true},
};
static const zh_schema outline_tag = {"纲要代号", outline_tag_keys, ZH_COUNTOF(outline_tag_keys)};

static const zh_key role_keys[] = {
    {.name = "id", .arg = ZH_ARG_ID, .required = true},
    {.name = "label", .arg = ZH_ARG_LABEL, .required = true},
};
static const zh_schema role = {"角色", role_keys, ZH_COUNTOF(role_keys)};

static const zh_key file_keys[] = {
    {.name = "systems", .arg = ZH_ARG_TEXT, .many = true},
    {.name = "roles", .arg = ZH_ARG_MAP, .many = true, .sub = &role},
    {.name = "codes", .arg = ZH_ARG_MAP, .many = true, .sub = &codes},
    {.name = "units", .arg = ZH_ARG_MAP, .many = true, .sub = &unit},
    {.name = "calendar", .arg = ZH_ARG_TEXT},
    {.name = "registers", .arg = ZH_ARG_MAP, .many = true, .sub = &reg},
    {.name = "indicators", .arg = ZH_ARG_MAP, .many = true, .sub = &indicator},
    {.name = "detectors", .arg = ZH_ARG_MAP, .many = true, .sub = &detector},
    {.name = "recipes", .arg = ZH_ARG_ANY, .many = true},
    {.name = "outlines", .arg = ZH_ARG_TEXT, .many = true},
    {.name = "outlines_en", .arg = ZH_ARG_TEXT, .many = true},
    {.name = "ties", .arg = ZH_ARG_MAP, .many = true, .sub = &tie},
    {.name = "mechanisms", .arg = ZH_ARG_TEXT},
    {.name = "outline_tags", .arg = ZH_ARG_MAP, .many = true, .sub = &outline_tag},
};
static const zh_schema file = {"声明文件", file_keys, ZH_COUNTOF(file_keys)};

const zh_schema *zh_grammar_file(void)
{
    return &file;
}

const zh_schema *zh_grammar_code(void)
{
    return &code;
}

const zh_schema *zh_grammar_dim(void)
{
    return &dim;
}

const zh_schema *zh_grammar_ledger(void)
{
    return &evidence_ledger;
}

static void walk(const zh_schema *schema, void (*each)(void *user, const zh_schema *schema),
                 void *user)
{
    each(user, schema);
    for (size_t i = 0; i < schema->n; i++) {
        const zh_schema *sub = schema->keys[i].sub;
        if (sub != NULL && sub != schema) {
            walk(sub, each, user);
        }
    }
}

void zh_grammar_walk(void (*each)(void *user, const zh_schema *schema), void *user)
{
    walk(&file, each, user);
    walk(&code, each, user);
    walk(&dim, each, user);
    walk(&evidence_ledger, each, user);
}
