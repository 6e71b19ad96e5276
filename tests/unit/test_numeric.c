/* Summary statistics, regression and analysis of variance against every data set of the NIST
 * Statistical Reference Datasets (StRD, itl.nist.gov/div898/strd, in the public domain): univariate
 * (9), linear regression (11), analysis of variance (11), through the calculations' JSON as anybody
 * calls them. The data are written as NIST writes them; sets that NIST made by a rule (NumAcc,
 * Wampler, SmLs) are made by it. Certified values have 15 digits; how many of them each answer has
 * is printed, and at least 13 must agree (log relative error, B. D. McCullough, The American
 * Statistician 52 (1998) 358-366). */
#include "engine/engine.h"
#include "engine/numeric.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define DIGITS_MIN 13.0

/* clang-format off */
static const char lew[] =
    "-213, -564, -35, -15, 141, 115, -420, -360, 203, -338, -431, 194, -220, -513, 154, "
    "-125, -559, 92, -21, -579, -52, 99, -543, -175, 162, -457, -346, 204, -300, -474, 164, "
    "-107, -572, -8, 83, -541, -224, 180, -420, -374, 201, -236, -531, 83, 27, -564, -112, "
    "131, -507, -254, 199, -311, -495, 143, -46, -579, -90, 136, -472, -338, 202, -287, "
    "-477, 169, -124, -568, 17, 48, -568, -135, 162, -430, -422, 172, -74, -577, -13, 92, "
    "-534, -243, 194, -355, -465, 156, -81, -578, -64, 139, -449, -384, 193, -198, -538, "
    "110, -44, -577, -6, 66, -552, -164, 161, -460, -344, 205, -281, -504, 134, -28, -576, "
    "-118, 156, -437, -381, 200, -220, -540, 83, 11, -568, -160, 172, -414, -408, 188, -125, "
    "-572, -32, 139, -492, -321, 205, -262, -504, 142, -83, -574, 0, 48, -571, -106, 137, "
    "-501, -266, 190, -391, -406, 194, -186, -553, 83, -13, -577, -49, 103, -515, -280, 201, "
    "300, -506, 131, -45, -578, -80, 138, -462, -361, 201, -211, -554, 32, 74, -533, -235, "
    "187, -372, -442, 182, -147, -566, 25, 68, -535, -244, 194, -351, -463, 174, -125, -570, "
    "15, 72, -550, -190, 172, -424, -385, 198, -218, -536, 96";
static const char lottery[] =
    "162, 671, 933, 414, 788, 730, 817, 33, 536, 875, 670, 236, 473, 167, 877, 980, 316, "
    "950, 456, 92, 517, 557, 956, 954, 104, 178, 794, 278, 147, 773, 437, 435, 502, 610, "
    "582, 780, 689, 562, 964, 791, 28, 97, 848, 281, 858, 538, 660, 972, 671, 613, 867, 448, "
    "738, 966, 139, 636, 847, 659, 754, 243, 122, 455, 195, 968, 793, 59, 730, 361, 574, "
    "522, 97, 762, 431, 158, 429, 414, 22, 629, 788, 999, 187, 215, 810, 782, 47, 34, 108, "
    "986, 25, 644, 829, 630, 315, 567, 919, 331, 207, 412, 242, 607, 668, 944, 749, 168, "
    "864, 442, 533, 805, 372, 63, 458, 777, 416, 340, 436, 140, 919, 350, 510, 572, 905, "
    "900, 85, 389, 473, 758, 444, 169, 625, 692, 140, 897, 672, 288, 312, 860, 724, 226, "
    "884, 508, 976, 741, 476, 417, 831, 15, 318, 432, 241, 114, 799, 955, 833, 358, 935, "
    "146, 630, 830, 440, 642, 356, 373, 271, 715, 367, 393, 190, 669, 8, 861, 108, 795, 269, "
    "590, 326, 866, 64, 523, 862, 840, 219, 382, 998, 4, 628, 305, 747, 247, 34, 747, 729, "
    "645, 856, 974, 24, 568, 24, 694, 608, 480, 410, 729, 947, 293, 53, 930, 223, 203, 677, "
    "227, 62, 455, 387, 318, 562, 242, 428, 968";
static const char mavro[] =
    "2.00180, 2.00170, 2.00180, 2.00190, 2.00180, 2.00170, 2.00150, 2.00140, 2.00150, "
    "2.00150, 2.00170, 2.00180, 2.00180, 2.00190, 2.00190, 2.00210, 2.00200, 2.00160, "
    "2.00140, 2.00130, 2.00130, 2.00150, 2.00150, 2.00160, 2.00150, 2.00140, 2.00130, "
    "2.00140, 2.00150, 2.00140, 2.00150, 2.00160, 2.00150, 2.00160, 2.00190, 2.00200, "
    "2.00200, 2.00210, 2.00220, 2.00230, 2.00240, 2.00250, 2.00270, 2.00260, 2.00260, "
    "2.00260, 2.00270, 2.00260, 2.00250, 2.00240";
static const char michelso[] =
    "299.85, 299.74, 299.90, 300.07, 299.93, 299.85, 299.95, 299.98, 299.98, 299.88, 300.00, "
    "299.98, 299.93, 299.65, 299.76, 299.81, 300.00, 300.00, 299.96, 299.96, 299.96, 299.94, "
    "299.96, 299.94, 299.88, 299.80, 299.85, 299.88, 299.90, 299.84, 299.83, 299.79, 299.81, "
    "299.88, 299.88, 299.83, 299.80, 299.79, 299.76, 299.80, 299.88, 299.88, 299.88, 299.86, "
    "299.72, 299.72, 299.62, 299.86, 299.97, 299.95, 299.88, 299.91, 299.85, 299.87, 299.84, "
    "299.84, 299.85, 299.84, 299.84, 299.84, 299.89, 299.81, 299.81, 299.82, 299.80, 299.77, "
    "299.76, 299.74, 299.75, 299.76, 299.91, 299.92, 299.89, 299.86, 299.88, 299.72, 299.84, "
    "299.85, 299.85, 299.78, 299.89, 299.84, 299.78, 299.81, 299.76, 299.81, 299.79, 299.81, "
    "299.82, 299.85, 299.87, 299.87, 299.81, 299.74, 299.81, 299.94, 299.95, 299.80, 299.81, "
    "299.87";
/* The first 5,000 digits of pi; NIST's file has a 3 in place 957 where pi has an 8, and its certified
 * values are those of the file. */
static const char *const pi_digits[] = { /* 80 to a row */
    "31415926535897932384626433832795028841971693993751058209749445923078164062862089",
    "98628034825342117067982148086513282306647093844609550582231725359408128481117450",
    "28410270193852110555964462294895493038196442881097566593344612847564823378678316",
    "52712019091456485669234603486104543266482133936072602491412737245870066063155881",
    "74881520920962829254091715364367892590360011330530548820466521384146951941511609",
    "43305727036575959195309218611738193261179310511854807446237996274956735188575272",
    "48912279381830119491298336733624406566430860213949463952247371907021798609437027",
    "70539217176293176752384674818467669405132000568127145263560827785771342757789609",
    "17363717872146844090122495343014654958537105079227968925892354201995611212902196",
    "08640344181598136297747713099605187072113499999983729780499510597317328160963185",
    "95024459455346908302642522308253344685035261931188171010003137838752886587533208",
    "38142061717766914730359825349042875546873115956286388235378759375195778185773053",
    "21712268066130019278766111959092164201989380952572010654858632788659361533818279",
    "68230301952035301852968995773622599413891249721775283479131515574857242454150695",
    "95082953311686172785588907509838175463746493931925506040092770167113900984882401",
    "28583616035637076601047101819429555961989467678374494482553797747268471040475346",
    "46208046684259069491293313677028989152104752162056966024058038150193511253382430",
    "03558764024749647326391419927260426992279678235478163600934172164121992458631503",
    "02861829745557067498385054945885869269956909272107975093029553211653449872027559",
    "60236480665499119881834797753566369807426542527862551818417574672890977772793800",
    "08164706001614524919217321721477235014144197356854816136115735255213347574184946",
    "84385233239073941433345477624168625189835694855620992192221842725502542568876717",
    "90494601653466804988627232791786085784383827967976681454100953883786360950680064",
    "22512520511739298489608412848862694560424196528502221066118630674427862203919494",
    "50471237137869609563643719172874677646575739624138908658326459958133904780275900",
    "99465764078951269468398352595709825822620522489407726719478268482601476990902640",
    "13639443745530506820349625245174939965143142980919065925093722169646151570985838",
    "74105978859597729754989301617539284681382686838689427741559918559252459539594310",
    "49972524680845987273644695848653836736222626099124608051243884390451244136549762",
    "78079771569143599770012961608944169486855584840635342207222582848864815845602850",
    "60168427394522674676788952521385225499546667278239864565961163548862305774564980",
    "35593634568174324112515076069479451096596094025228879710893145669136867228748940",
    "56010150330861792868092087476091782493858900971490967598526136554978189312978482",
    "16829989487226588048575640142704775551323796414515237462343645428584447952658678",
    "21051141354735739523113427166102135969536231442952484937187110145765403590279934",
    "40374200731057853906219838744780847848968332144571386875194350643021845319104848",
    "10053706146806749192781911979399520614196634287544406437451237181921799983910159",
    "19561814675142691239748940907186494231961567945208095146550225231603881930142093",
    "76213785595663893778708303906979207734672218256259966150142150306803844773454920",
    "26054146659252014974428507325186660021324340881907104863317346496514539057962685",
    "61005508106658796998163574736384052571459102897064140110971206280439039759515677",
    "15770042033786993600723055876317635942187312514712053292819182618612586732157919",
    "84148488291644706095752706957220917567116722910981690915280173506712748583222871",
    "83520935396572512108357915136988209144421006751033467110314126711136990865851639",
    "83150197016515116851714376576183515565088490998985998238734552833163550764791853",
    "58932261854896321329330898570642046752590709154814165498594616371802709819943099",
    "24488957571282890592323326097299712084433573265489382391193259746366730583604142",
    "81388303203824903758985243744170291327656180937734440307074692112019130203303801",
    "97621101100449293215160842444859637669838952286847831235526582131449576857262433",
    "44189303968642624341077322697802807318915441101044682325271620105265227211166039",
    "66655730925471105578537634668206531098965269186205647693125705863566201855810072",
    "93606598764861179104533488503461136576867532494416680396265797877185560845529654",
    "12665408530614344431858676975145661406800700237877659134401712749470420562230538",
    "99456131407112700040785473326993908145466464588079727082668306343285878569830523",
    "58089330657574067954571637752542021149557615814002501262285941302164715509792592",
    "30990796547376125517656751357517829666454779174501129961489030463994713296210734",
    "04375189573596145890193897131117904297828564750320319869151402870808599048010941",
    "21472213179476477726224142548545403321571853061422881375850430633217518297986622",
    "37172159160771669254748738986654949450114654062843366393790039769265672146385306",
    "73609657120918076383271664162748888007869256029022847210403172118608204190004229",
    "66171196377921337575114959501566049631862947265473642523081770367515906735023507",
    "28354056704038674351362222477158915049530984448933309634087807693259939780541934",
    "1447377441842631298608099888687413260472",
};
static const char filip_x[] =
    "-6.860120914, -4.324130045, -4.358625055, -4.358426747, -6.955852379, -6.661145254, "
    "-6.355462942, -6.118102026, -7.115148017, -6.815308569, -6.519993057, -6.204119983, "
    "-5.853871964, -6.109523091, -5.79832982, -5.482672118, -5.171791386, -4.851705903, "
    "-4.517126416, -4.143573228, -3.709075441, -3.499489089, -6.300769497, -5.953504836, "
    "-5.642065153, -5.031376979, -4.680685696, -4.329846955, -3.928486195, -8.56735134, "
    "-8.363211311, -8.107682739, -7.823908741, -7.522878745, -7.218819279, -6.920818754, "
    "-6.628932138, -6.323946875, -5.991399828, -8.781464495, -8.663140179, -8.473531488, "
    "-8.247337057, -7.971428747, -7.676129393, -7.352812702, -7.072065318, -6.774174009, "
    "-6.478861916, -6.159517513, -6.835647144, -6.53165267, -6.224098421, -5.910094889, "
    "-5.598599459, -5.290645224, -4.974284616, -4.64454848, -4.290560426, -3.885055584, "
    "-3.408378962, -3.13200249, -8.726767166, -8.66695597, -8.511026475, -8.165388579, "
    "-7.886056648, -7.588043762, -7.283412422, -6.995678626, -6.691862621, -6.392544977, "
    "-6.067374056, -6.684029655, -6.378719832, -6.065855188, -5.752272167, -5.132414673, "
    "-4.811352704, -4.098269308, -3.66174277, -3.2644011";
static const char filip_y[] =
    "0.8116, 0.9072, 0.9052, 0.9039, 0.8053, 0.8377, 0.8667, 0.8809, 0.7975, 0.8162, 0.8515, "
    "0.8766, 0.8885, 0.8859, 0.8959, 0.8913, 0.8959, 0.8971, 0.9021, 0.909, 0.9139, 0.9199, "
    "0.8692, 0.8872, 0.89, 0.891, 0.8977, 0.9035, 0.9078, 0.7675, 0.7705, 0.7713, 0.7736, "
    "0.7775, 0.7841, 0.7971, 0.8329, 0.8641, 0.8804, 0.7668, 0.7633, 0.7678, 0.7697, 0.77, "
    "0.7749, 0.7796, 0.7897, 0.8131, 0.8498, 0.8741, 0.8061, 0.846, 0.8751, 0.8856, 0.8919, "
    "0.8934, 0.894, 0.8957, 0.9047, 0.9129, 0.9209, 0.9219, 0.7739, 0.7681, 0.7665, 0.7703, "
    "0.7702, 0.7761, 0.7809, 0.7961, 0.8253, 0.8602, 0.8809, 0.8301, 0.8664, 0.8834, 0.8898, "
    "0.8964, 0.8963, 0.9074, 0.9119, 0.9228";
static const char pontius_x[] =
    "150000, 300000, 450000, 600000, 750000, 900000, 1050000, 1200000, 1350000, 1500000, "
    "1650000, 1800000, 1950000, 2100000, 2250000, 2400000, 2550000, 2700000, 2850000, "
    "3000000, 150000, 300000, 450000, 600000, 750000, 900000, 1050000, 1200000, 1350000, "
    "1500000, 1650000, 1800000, 1950000, 2100000, 2250000, 2400000, 2550000, 2700000, "
    "2850000, 3000000";
static const char pontius_y[] =
    "0.11019, 0.21956, 0.32949, 0.43899, 0.54803, 0.65694, 0.76562, 0.87487, 0.98292, "
    "1.09146, 1.20001, 1.30822, 1.41599, 1.52399, 1.63194, 1.73947, 1.84646, 1.95392, "
    "2.06128, 2.16844, 0.11052, 0.22018, 0.32939, 0.43886, 0.54798, 0.65739, 0.76596, "
    "0.87474, 0.983, 1.0915, 1.20004, 1.30818, 1.41613, 1.52408, 1.63159, 1.73965, 1.84696, "
    "1.95445, 2.06177, 2.16829";
static const char norris_x[] =
    "0.2, 337.4, 118.2, 884.6, 10.1, 226.5, 666.3, 996.3, 448.6, 777.0, 558.2, 0.4, 0.6, "
    "775.5, 666.9, 338.0, 447.5, 11.6, 556.0, 228.1, 995.8, 887.6, 120.2, 0.3, 0.3, 556.8, "
    "339.1, 887.2, 999.0, 779.0, 11.1, 118.3, 229.2, 669.1, 448.9, 0.5";
static const char norris_y[] =
    "0.1, 338.8, 118.1, 888.0, 9.2, 228.1, 668.5, 998.5, 449.1, 778.9, 559.2, 0.3, 0.1, "
    "778.1, 668.8, 339.3, 448.9, 10.8, 557.7, 228.3, 998.0, 888.8, 119.6, 0.3, 0.6, 557.6, "
    "339.3, 888.0, 998.5, 778.9, 10.2, 117.6, 228.9, 668.4, 449.2, 0.2";
static const char si_resistivity[] =
    "196.3052, 196.1240, 196.1890, 196.2569, 196.3403, 196.3042, 196.3825, 196.1669, "
    "196.3257, 196.0422, 196.1303, 196.2005, 196.2889, 196.0343, 196.1811, 196.2795, "
    "196.1748, 196.1494, 196.1485, 195.9885, 196.2119, 196.1051, 196.1850, 196.0052, "
    "196.2090";
static const char silver_weight[] =
    "107.8681568, 107.8681465, 107.8681572, 107.8681785, 107.8681446, 107.8681903, "
    "107.8681526, 107.8681494, 107.8681616, 107.8681587, 107.8681519, 107.8681486, "
    "107.8681419, 107.8681569, 107.8681508, 107.8681672, 107.8681385, 107.8681518, "
    "107.8681662, 107.8681424, 107.8681360, 107.8681333, 107.8681610, 107.8681477, "
    "107.8681079, 107.8681344, 107.8681513, 107.8681197, 107.8681604, 107.8681385, "
    "107.8681642, 107.8681365, 107.8681151, 107.8681082, 107.8681517, 107.8681448, "
    "107.8681198, 107.8681482, 107.8681334, 107.8681609, 107.8681101, 107.8681512, "
    "107.8681469, 107.8681360, 107.8681254, 107.8681261, 107.8681450, 107.8681368";
/* clang-format on */

/* ---- calling a calculation ---- */

struct call {
    zh_arena *arena;
    zh_buf in, out;
    zh_err err;
    zh_json *answer;
};

static void begin(struct call *c)
{
    c->arena = zh_arena_new((size_t)256 << 20);
    zh_buf_init(&c->in, (size_t)16 << 20);
    zh_buf_init(&c->out, (size_t)1 << 20);
    zh_err_clear(&c->err);
    c->answer = NULL;
}

static zh_rc answer(struct call *c, const char *name)
{
    const zh_engine *engine = zh_engine_find(zh_str_of(name));
    assert_non_null(engine);
    assert_false(c->in.failed);
    zh_rc rc = zh_engine_run(engine, c->arena, zh_buf_view(&c->in), 0, &c->out, &c->err);
    if (rc == ZH_OK) {
        assert_true(zh_json_parse(c->arena, zh_buf_view(&c->out), &c->answer, NULL) == ZH_OK);
    }
    return rc;
}

static void end(struct call *c)
{
    zh_buf_free(&c->in);
    zh_buf_free(&c->out);
    zh_arena_free(c->arena);
}

/* Digits of `got` that agree with the certified value, at most 15. */
static double digits_of(double got, double certified)
{
    double error = certified == 0.0 ? fabs(got) : fabs(got - certified) / fabs(certified);
    return error == 0.0 ? 15.0 : fmin(15.0, -log10(error));
}

static double member_digits(const struct call *c, const char *name, size_t at, double certified)
{
    const zh_json *value = zh_json_get(c->answer, name);
    double got = (double)NAN;
    value = value != NULL && value->kind == ZH_JSON_ARRAY ? zh_json_at(value, at) : value;
    if (value == NULL || zh_json_double(value, &got) != ZH_OK) {
        fail_msg("%s[%zu] is no number", name, at);
    }
    double digits = digits_of(got, certified);
    if (!(digits >= DIGITS_MIN)) {
        fail_msg("%s[%zu]: got %.17g, certified %.15g, %.1f digits", name, at, got, certified,
                 digits);
    }
    return digits;
}

/* ---- univariate ---- */

static void check_univariate(struct call *c, const char *set, double mean, double sd,
                             double autocorrelation)
{
    assert_true(answer(c, "numeric.univariate") == ZH_OK);
    double a = member_digits(c, "mean", 0, mean);
    double b = member_digits(c, "sd", 0, sd);
    double r = member_digits(c, "autocorrelation_lag1", 0, autocorrelation);
    print_message("%-9s digits: mean %.1f, sd %.1f, autocorrelation %.1f\n", set, a, b, r);
    end(c);
}

static void test_univariate(void **state)
{
    (void)state;
    static const struct {
        const char *set, *data;
        double mean, sd, autocorrelation;
    } sets[] = {
        {"Lew", lew, -177.435000000000, 277.332168044316, -0.307304800605679},
        {"Lottery", lottery, 518.958715596330, 291.699727470969, -0.120948622967393},
        {"Mavro", mavro, 2.00185600000000, 0.000429123454003053, 0.937989183438248},
        {"Michelso", michelso, 299.852400000000, 0.0790105478190518, 0.535199668621283},
        {"NumAcc1", "10000001, 10000003, 10000002", 10000002, 1, -0.5},
    };
    struct call c;
    for (size_t i = 0; i < ZH_COUNTOF(sets); i++) {
        begin(&c);
        zh_buf_fmt(&c.in, "{\"x\": [%s]}", sets[i].data);
        check_univariate(&c, sets[i].set, sets[i].mean, sets[i].sd, sets[i].autocorrelation);
    }
    begin(&c);
    for (size_t i = 0; i < 5000; i++) {
        zh_buf_fmt(&c.in, "%s%c", i == 0 ? "{\"x\": [" : ", ", pi_digits[i / 80][i % 80]);
    }
    zh_buf_fmt(&c.in, "]}");
    check_univariate(&c, "PiDigits", 4.53480000000000, 2.86733906028871, -0.00355099287237972);
    /* NumAcc2-4: offset + 0.2, then 0.1 and 0.3 in turn, 1,001 values. */
    static const char *const offsets[] = {"1", "1000000", "10000000"};
    static const double means[] = {1.2, 1000000.2, 10000000.2};
    for (size_t s = 0; s < 3; s++) {
        char name[16];
        begin(&c);
        zh_buf_fmt(&c.in, "{\"x\": [%s.2", offsets[s]);
        for (size_t i = 0; i < 500; i++) {
            zh_buf_fmt(&c.in, ", %s.1, %s.3", offsets[s], offsets[s]);
        }
        zh_buf_fmt(&c.in, "]}");
        (void)snprintf(name, sizeof(name), "NumAcc%zu", s + 2);
        check_univariate(&c, name, means[s], 0.1, -0.999);
    }
}

/* ---- regression ---- */

struct certified {
    const char *set;
    size_t n;
    double coef[11], se[11];
    double residual_sd, r2, rss, f; /* f 0: not defined */
};

static void check_regression(struct call *c, const struct certified *v)
{
    assert_true(answer(c, "numeric.linear_regression") == ZH_OK);
    double coef = 15.0;
    double se = 15.0;
    for (size_t j = 0; j < v->n; j++) {
        coef = fmin(coef, member_digits(c, "coef", j, v->coef[j]));
        se = fmin(se, member_digits(c, "se", j, v->se[j]));
    }
    double rest = fmin(member_digits(c, "residual_sd", 0, v->residual_sd),
                       fmin(member_digits(c, "r2", 0, v->r2), member_digits(c, "rss", 0, v->rss)));
    if (v->f != 0.0) {
        rest = fmin(rest, member_digits(c, "f", 0, v->f));
    } else {
        assert_true(zh_json_get(c->answer, "f")->kind == ZH_JSON_NULL);
    }
    print_message("%-9s digits: coefficients %.1f, standard errors %.1f, the rest %.1f\n", v->set,
                  coef, se, rest);
    end(c);
}

static void test_polynomials(void **state)
{
    (void)state;
    static const struct {
        const char *x, *y;
        struct certified v;
    } sets[] = {
        {norris_x,
         norris_y,
         {"Norris",
          2,
          {-0.262323073774029, 1.00211681802045},
          {0.232818234301152, 0.429796848199937E-03},
          0.884796396144373,
          0.999993745883712,
          26.6173985294224,
          5436385.54079785}},
        {pontius_x,
         pontius_y,
         {"Pontius",
          3,
          {0.673565789473684E-03, 0.732059160401003E-06, -0.316081871345029E-14},
          {0.107938612033077E-03, 0.157817399981659E-09, 0.486652849992036E-16},
          0.205177424076185E-03,
          0.999999900178537,
          0.155761768796992E-05,
          185330865.995752}},
        {filip_x,
         filip_y,
         {"Filip",
          11,
          {-1467.48961422980, -2772.17959193342, -2316.37108160893, -1127.97394098372,
           -354.478233703349, -75.1242017393757, -10.8753180355343, -1.06221498588947,
           -0.670191154593408E-01, -0.246781078275479E-02, -0.402962525080404E-04},
          {298.084530995537, 559.779865474950, 466.477572127796, 227.204274477751, 71.6478660875927,
           15.2897178747400, 2.23691159816033, 0.221624321934227, 0.142363763154724E-01,
           0.535617408889821E-03, 0.896632837373868E-05},
          0.334801051324544E-02,
          0.996727416185620,
          0.795851382172941E-03,
          2162.43954511489}},
    };
    for (size_t i = 0; i < ZH_COUNTOF(sets); i++) {
        struct call c;
        begin(&c);
        zh_buf_fmt(&c.in, "{\"x\": [%s], \"degree\": %zu, \"y\": [%s]}", sets[i].x, sets[i].v.n - 1,
                   sets[i].y);
        check_regression(&c, &sets[i].v);
    }
}

static void test_through_origin(void **state)
{
    (void)state;
    static const struct certified noint1 = {"NoInt1",           1,
                                            {2.07438016528926}, {0.165289256198347E-01},
                                            3.56753034006338,   0.999365492298663,
                                            127.272727272727,   15750.25};
    static const struct certified noint2 = {"NoInt2",
                                            1,
                                            {0.727272727272727},
                                            {0.420827318078432E-01},
                                            0.369274472937998,
                                            0.993348115299335,
                                            0.272727272727273,
                                            298.666666666667};
    struct call c;
    begin(&c);
    zh_buf_fmt(&c.in, "{\"intercept\": false, \"X\": [60, 61, 62, 63, 64, 65, 66, 67, 68, 69, 70], "
                      "\"y\": [130, 131, 132, 133, 134, 135, 136, 137, 138, 139, 140]}");
    check_regression(&c, &noint1);
    begin(&c);
    zh_buf_fmt(&c.in, "{\"intercept\": false, \"X\": [[4], [5], [6]], \"y\": [3, 4, 4]}");
    check_regression(&c, &noint2);
}

static void test_longley(void **state)
{
    (void)state;
    static const char *const rows =
        "[1,83.0,234289,2356,1590,107608,1947],[1,88.5,259426,2325,1456,108632,1948],"
        "[1,88.2,258054,3682,1616,109773,1949],[1,89.5,284599,3351,1650,110929,1950],"
        "[1,96.2,328975,2099,3099,112075,1951],[1,98.1,346999,1932,3594,113270,1952],"
        "[1,99.0,365385,1870,3547,115094,1953],[1,100.0,363112,3578,3350,116219,1954],"
        "[1,101.2,397469,2904,3048,117388,1955],[1,104.6,419180,2822,2857,118734,1956],"
        "[1,108.4,442769,2936,2798,120445,1957],[1,110.8,444546,4681,2637,121950,1958],"
        "[1,112.6,482704,3813,2552,123366,1959],[1,114.2,502601,3931,2514,125368,1960],"
        "[1,115.7,518173,4806,2572,127852,1961],[1,116.9,554894,4007,2827,130081,1962]";
    static const struct certified longley = {
        "Longley",
        7,
        {-3482258.63459582, 15.0618722713733, -0.358191792925910E-01, -2.02022980381683,
         -1.03322686717359, -0.511041056535807E-01, 1829.15146461355},
        {890420.383607373, 84.9149257747669, 0.334910077722432E-01, 0.488399681651699,
         0.214274163161675, 0.226073200069370, 455.478499142212},
        304.854073561965,
        0.995479004577296,
        836424.055505915,
        330.285339234588};
    struct call c;
    begin(&c);
    zh_buf_fmt(&c.in,
               "{\"X\": [%s], \"y\": [60323,61122,60171,61187,63221,63639,64989,63761,"
               "66019,67857,68169,66513,68655,69564,69331,70551]}",
               rows);
    check_regression(&c, &longley);
}

/* y: sum of x^k, or of (x/10)^k, plus `times` the errors of Wampler3. */
static void wampler(const struct certified *v, bool tenths, int64_t times)
{
    static const int64_t errors[21] = {759,   -2048, 2048,  -2048, 2523,  -2048, 2048,
                                       -2048, 1838,  -2048, 2048,  -2048, 1838,  -2048,
                                       2048,  -2048, 2523,  -2048, 2048,  -2048, 759};
    struct call c;
    begin(&c);
    zh_buf_fmt(&c.in,
               "{\"degree\": 5, \"x\": [0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20], "
               "\"y\": [");
    for (int64_t x = 0; x <= 20; x++) {
        int64_t sum = 0;
        for (int k = 5; k >= 0; k--) { /* of (x/10)^k: as a whole number of 1e-5 */
            sum = sum * x + (tenths ? (int64_t[]){100000, 10000, 1000, 100, 10, 1}[k] : 1);
        }
        if (tenths) {
            zh_buf_fmt(&c.in, "%s%lld.%05lld", x > 0 ? ", " : "", (long long)(sum / 100000),
                       (long long)(sum % 100000));
        } else {
            zh_buf_fmt(&c.in, "%s%lld", x > 0 ? ", " : "", (long long)(sum + times * errors[x]));
        }
    }
    zh_buf_fmt(&c.in, "]}");
    check_regression(&c, v);
}

static void test_wampler(void **state)
{
    (void)state;
    static const struct certified w1 = {"Wampler1", 6, {1, 1, 1, 1, 1, 1}, {0}, 0, 1, 0, 0};
    static const struct certified w2 = {
        "Wampler2", 6, {1, 0.1, 0.01, 0.001, 0.0001, 0.00001}, {0}, 0, 1, 0, 0};
    static const struct certified w3 = {"Wampler3",
                                        6,
                                        {1, 1, 1, 1, 1, 1},
                                        {2152.32624678170, 2363.55173469681, 779.343524331583,
                                         101.475507550350, 5.64566512170752, 0.112324854679312},
                                        2360.14502379268,
                                        0.999995559025820,
                                        83554268.0000000,
                                        675524.458240122};
    static const struct certified w4 = {"Wampler4",
                                        6,
                                        {1, 1, 1, 1, 1, 1},
                                        {215232.624678170, 236355.173469681, 77934.3524331583,
                                         10147.5507550350, 564.566512170752, 11.2324854679312},
                                        236014.502379268,
                                        0.957478440825662,
                                        835542680000.000,
                                        67.5524458240122};
    static const struct certified w5 = {"Wampler5",
                                        6,
                                        {1, 1, 1, 1, 1, 1},
                                        {21523262.4678170, 23635517.3469681, 7793435.24331583,
                                         1014755.07550350, 56456.6512170752, 1123.24854679312},
                                        23601450.2379268,
                                        0.224668921574940E-02,
                                        0.835542680000000E+16,
                                        6.7552445824012241E-03};
    wampler(&w1, false, 0);
    wampler(&w2, true, 0);
    wampler(&w3, false, 1);
    wampler(&w4, false, 100);
    wampler(&w5, false, 10000);
}

/* ---- analysis of variance ---- */

static void check_anova(struct call *c, const char *set, double ss_between, double ss_within,
                        double f, double r2, double residual_sd)
{
    assert_true(answer(c, "numeric.one_way_anova") == ZH_OK);
    double digits =
        fmin(fmin(member_digits(c, "ss_between", 0, ss_between),
                  member_digits(c, "ss_within", 0, ss_within)),
             fmin(member_digits(c, "r2", 0, r2), member_digits(c, "residual_sd", 0, residual_sd)));
    print_message("%-9s digits: F %.1f, the rest %.1f\n", set, member_digits(c, "f", 0, f), digits);
    end(c);
}

static void put_groups(struct call *c, size_t groups, size_t each)
{
    zh_buf_fmt(&c->in, "{\"group\": [");
    for (size_t i = 0; i < groups * each; i++) {
        zh_buf_fmt(&c->in, "%s%zu", i > 0 ? "," : "", i / each + 1);
    }
    zh_buf_fmt(&c->in, "], \"y\": [");
}

static void test_anova(void **state)
{
    (void)state;
    struct call c;
    begin(&c);
    put_groups(&c, 5, 5);
    zh_buf_fmt(&c.in, "%s]}", si_resistivity);
    check_anova(&c, "SiRstv", 5.11462616000000E-02, 2.16636560000000E-01, 1.18046237440255E+00,
                1.90999039051129E-01, 1.04076068334656E-01);
    begin(&c);
    put_groups(&c, 2, 24);
    zh_buf_fmt(&c.in, "%s]}", silver_weight);
    check_anova(&c, "AtmWtAg", 3.63834187500000E-09, 1.04951729166667E-08, 1.59467335677930E+01,
                2.57426544538321E-01, 1.51048314446410E-05);
    /* SmLs01-09: nine groups of 21, 201, 2,001 about an offset: the centre of the group, then 0.1
     * below and 0.1 above it in turn. */
    static const char *const offsets[] = {"1", "1000000", "1000000000000"};
    static const size_t each[] = {21, 201, 2001};
    static const double certified[3][4] = {
        {1.68000000000000E+00, 1.80000000000000E+00, 2.10000000000000E+01, 4.82758620689655E-01},
        {1.60800000000000E+01, 1.80000000000000E+01, 2.01000000000000E+02, 4.71830985915493E-01},
        {1.60080000000000E+02, 1.80000000000000E+02, 2.00100000000000E+03, 4.70712773465067E-01}};
    static const int centres[9] = {4, 3, 5, 3, 5, 3, 5, 3, 5};
    for (size_t s = 0; s < 9; s++) {
        size_t n = each[s % 3];
        char name[16];
        begin(&c);
        put_groups(&c, 9, n);
        for (size_t i = 0; i < 9 * n; i++) {
            size_t at = i % n;
            int tenth = centres[i / n] + (at == 0 ? 0 : at % 2 == 1 ? -1 : 1);
            zh_buf_fmt(&c.in, "%s%s.%d", i > 0 ? "," : "", offsets[s / 3], tenth);
        }
        zh_buf_fmt(&c.in, "]}");
        (void)snprintf(name, sizeof(name), "SmLs%02zu", s + 1);
        const double *v = certified[s % 3];
        check_anova(&c, name, v[0], v[1], v[2], v[3], 0.1);
    }
}

/* ---- decimal text, degenerate data, refusals ---- */

static void test_decimal_text(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double high, low; /* mpmath: the decimal minus its nearest binary64, rounded */
    } cases[] = {
        {"0.1", 0.1, -5.5511151231257827e-18},
        {"-0.1", -0.1, 5.5511151231257827e-18},
        {"1e-3", 0.001, -2.0816681711721684e-20},
        {"12345678901234567890.5", 12345678901234567168.0, 722.5},
        {"1e23", 9.9999999999999992e22, 8388608.0},
        {"0", 0.0, 0.0},
        {"-2.50", -2.5, 0.0},
    };
    for (size_t i = 0; i < ZH_COUNTOF(cases); i++) {
        zh_dd got;
        assert_true(zh_numeric_of_text(zh_str_of(cases[i].text), &got) == ZH_OK);
        if (got.high != cases[i].high || fabs(got.low - cases[i].low) > 1e-31 * fabs(got.high)) {
            fail_msg("%s: %.17g + %.17g", cases[i].text, got.high, got.low);
        }
    }
    zh_dd got;
    assert_true(zh_numeric_of_text(ZH_STR("1e999"), &got) == ZH_EINVAL);
}

static void check_answer(const char *name, const char *input, const char *member, double expected)
{
    struct call c;
    double got = (double)NAN;
    begin(&c);
    zh_buf_fmt(&c.in, "%s", input);
    assert_true(answer(&c, name) == ZH_OK);
    const zh_json *value = zh_json_get(c.answer, member);
    assert_non_null(value);
    if (isnan(expected)) {
        assert_true(value->kind == ZH_JSON_NULL);
    } else {
        assert_true(zh_json_double(value, &got) == ZH_OK);
        assert_true(fabs(got - expected) <= 1e-14 * fabs(expected));
    }
    end(&c);
}

static void test_degenerate(void **state)
{
    (void)state;
    double nan = (double)NAN;
    check_answer("numeric.univariate", "{\"x\": 3.5}", "sd", nan);
    check_answer("numeric.univariate", "{\"x\": [0.1, 0.1, 0.1]}", "sd", 0.0);
    check_answer("numeric.univariate", "{\"x\": [0.1, 0.1, 0.1]}", "autocorrelation_lag1", nan);
    check_answer("numeric.one_way_anova", "{\"group\": [1, 1, 2, 2], \"y\": [0.3, 0.3, 0.1, 0.1]}",
                 "f", nan);
    check_answer("numeric.one_way_anova", "{\"group\": [1, 1, 2, 2], \"y\": [0.3, 0.3, 0.3, 0.3]}",
                 "r2", nan);
    /* As many rows as columns: the line through two points. */
    check_answer("numeric.linear_regression", "{\"X\": [[1, 0], [1, 2]], \"y\": [1, 2]}", "rss",
                 0.0);
    check_answer("numeric.linear_regression", "{\"X\": [[1, 0], [1, 2]], \"y\": [1, 2]}",
                 "residual_sd", nan);
    /* Two groups: F is the square of t; p of t = 2 with 2 df is 1 - 2/sqrt(6) (t distribution with
     * 2 degrees of freedom in closed form). */
    check_answer("numeric.one_way_anova",
                 "{\"group\": [\"a\", \"a\", \"b\", \"b\"], \"y\": [0, 2, 2.8284271247461903, "
                 "4.8284271247461903]}",
                 "p_value", 1.0 - 2.0 / sqrt(6.0));
}

static void refused(const char *name, const char *input, const char *rule, const char *says)
{
    struct call c;
    begin(&c);
    zh_buf_fmt(&c.in, "%s", input);
    zh_rc rc = answer(&c, name);
    if (rc == ZH_OK || strcmp(c.err.rule, rule) != 0 || strstr(c.err.message, says) == NULL) {
        fail_msg("%s %s: %d %s %s", name, input, (int)rc, c.err.rule, c.err.message);
    }
    end(&c);
}

static void test_refusals(void **state)
{
    (void)state;
    refused("numeric.univariate", "{\"x\": []}", "numeric.size", "没有值");
    refused("numeric.univariate", "{}", "calc.input", "x");
    refused("numeric.univariate", "{\"x\": [1, \"a\"]}", "calc.input", "不是有限的数");
    refused("numeric.univariate", "{\"x\": [1, 1e999]}", "calc.input", "不是有限的数");
    refused("numeric.univariate", "{\"x\": [[1, 2]]}", "calc.input", "要一列数");
    refused("numeric.linear_regression", "{\"X\": [[1, 2], [1, 4]], \"y\": [1]}", "calc.input",
            "y");
    refused("numeric.linear_regression", "{\"X\": [[1, 2, 3], [1, 4, 5]], \"y\": [1, 2]}",
            "regression.rows", "2 行");
    refused("numeric.linear_regression", "{\"X\": [[3, 2], [4, 4]], \"y\": [1, 2]}", "calc.input",
            "intercept");
    refused("numeric.linear_regression", "{\"X\": [[1, 2], [1]], \"y\": [1, 2]}", "calc.input",
            "第 2 行");
    /* 0.1, 0.2, 0.3 in decimals are dependent exactly, in binary64 they are not. */
    refused("numeric.linear_regression",
            "{\"X\": [[1, 0.1, 0.3], [1, 0.2, 0.6], [1, 0.3, 0.9], [1, 0.7, 2.1]], "
            "\"y\": [1, 2, 3, 5]}",
            "regression.singular", "第 3 列");
    refused("numeric.linear_regression",
            "{\"x\": [1, 2, 3], \"degree\": 1, \"terms\": [\"1\"], \"y\": [1, 2, 3]}", "calc.input",
            "terms");
    refused("numeric.linear_regression", "{\"x\": [1e200, 2, 3], \"degree\": 2, \"y\": [1, 2, 3]}",
            "calc.input", "次方");
    refused("numeric.one_way_anova", "{\"group\": [1, 1], \"y\": [1, 2]}", "anova.groups", "1 组");
    refused("numeric.one_way_anova", "{\"group\": [1, 2], \"y\": [1, 2]}", "anova.rows", "2 组");
    refused("numeric.one_way_anova", "{\"group\": [1], \"y\": [1, 2]}", "calc.input", "group");
    refused("distributions.pnorm", "{\"q\": 1, \"sd\": -1}", "calc.input", "sd");
    refused("distributions.qnorm", "{\"p\": 1.5}", "calc.input", "p");
    refused("distributions.qnorm", "{\"p\": 0.5, \"log.p\": true}", "calc.input", "对数");
    refused("distributions.pchisq", "{\"q\": 1, \"df\": 3, \"ncp\": 2}", "calc.input", "ncp");
    refused("distributions.pbinom", "{\"q\": 1, \"size\": 2.5, \"prob\": 0.5}", "calc.input",
            "size");
    refused("distributions.phyper", "{\"q\": 1, \"m\": 2, \"n\": 3, \"k\": 6}", "calc.input", "k");
    refused("distributions.pt", "{\"q\": [1, 2], \"df\": [1, 2, 3]}", "calc.input", "一样多");
    refused("distributions.pt", "{\"q\": 1}", "calc.input", "df");
    refused("distributions.psignrank", "{\"q\": 1, \"n\": 1001}", "calc.input", "n");
    refused("distributions.dnorm", "{\"x\": 1, \"lower.tail\": true}", "calc.input", "lower.tail");
}

/* The caps: at the cap and one more. */
static void test_caps(void **state)
{
    (void)state;
    zh_arena *arena = zh_arena_new((size_t)64 << 20);
    size_t cols = ZH_NUMERIC_COLUMNS_MAX;
    zh_dd *x = ZH_NEW_N(arena, zh_dd, (cols + 1) * (cols + 1));
    zh_dd *y = ZH_NEW_N(arena, zh_dd, cols + 1);
    zh_regression fit;
    for (size_t i = 0; i < cols; i++) {
        x[i * cols + i] = zh_dd_of(2.0);
        y[i] = zh_dd_of((double)i);
    }
    assert_true(zh_numeric_regression(arena, x, cols, cols, y, false, &fit, NULL) == ZH_OK);
    assert_true(fit.coef[7] == 3.5);
    assert_true(zh_numeric_regression(arena, x, cols + 1, cols + 1, y, false, &fit, NULL) ==
                ZH_ELIMIT);
    zh_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_univariate),     cmocka_unit_test(test_polynomials),
        cmocka_unit_test(test_through_origin), cmocka_unit_test(test_longley),
        cmocka_unit_test(test_wampler),        cmocka_unit_test(test_anova),
        cmocka_unit_test(test_decimal_text),   cmocka_unit_test(test_degenerate),
        cmocka_unit_test(test_refusals),       cmocka_unit_test(test_caps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
