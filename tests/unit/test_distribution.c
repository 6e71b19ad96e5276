/* Distributions against mpmath 1.3.0 at 25 to 50 digits (regularised incomplete functions, exact
 * sums of masses in whole numbers, numerical integration for the noncentral t and the studentized
 * range), published tables, and identities. */
#include "num/distribution.h"
#include "num/random.h"
#include "num/special.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define L   ZH_TAIL_LOWER
#define U   ZH_TAIL_UPPER
#define G   ZH_TAIL_LOG
#define INF ((double)INFINITY)

static const struct sample {
    const char *name; /* a leading d: the density */
    double a[4];
    unsigned tail;
    double value;
} samples[] = {
    /* clang-format off */
    {"norm", {-45, 0, 1}, L | G, -1017.2260942419524},
    {"norm", {-38.399999999999999, 0, 1}, L | G, -741.84767301524835},
    {"norm", {-10.25, 0, 1}, L, 5.9171769073656174e-25},
    {"norm", {-3, 0, 1}, L, 0.0013498980316300946},
    {"norm", {-3, 0, 1}, U, 0.9986501019683699},
    {"norm", {-0.10000000000000001, 0, 1}, L, 0.46017216272297101},
    {"norm", {-0.10000000000000001, 0, 1}, U, 0.53982783727702899},
    {"norm", {0.69999999999999996, 0, 1}, L, 0.75803634777692697},
    {"norm", {0.69999999999999996, 0, 1}, U, 0.24196365222307303},
    {"norm", {2.5, 0, 1}, L, 0.99379033467422384},
    {"norm", {2.5, 0, 1}, U, 0.0062096653257761349},
    {"norm", {9.75, 0, 1}, U, 9.2234135249394185e-23},
    {"norm", {40, 0, 1}, U | G, -804.6084420137538},
    {"norm", {12.5, 10, 2}, L, 0.89435022633314476},
    {"norm", {12.5, 10, 2}, U, 0.10564977366685525},
    {"gamma", {2, 1.5, 0.80000000000000004}, L, 0.63819497250246804},
    {"gamma", {2, 1.5, 0.80000000000000004}, U, 0.36180502749753191},
    {"gamma", {1.0000000000000001e-05, 0.5, 1}, L, 0.0035682363381804505},
    {"gamma", {1.0000000000000001e-05, 0.5, 1}, U, 0.99643176366181951},
    {"gamma", {0.01, 0.001, 1}, L, 0.99596940303351311},
    {"gamma", {0.01, 0.001, 1}, U, 0.0040305969664868446},
    {"gamma", {1.25, 0.001, 2}, L, 0.99997504160335426},
    {"gamma", {1.25, 0.001, 2}, U, 2.4958396645787213e-05},
    {"gamma", {5, 0.75, 1}, L, 0.99647390421265281},
    {"gamma", {5, 0.75, 1}, U, 0.0035260957873471735},
    {"gamma", {30, 0.75, 1}, U, 3.2367478710037184e-14},
    {"gamma", {700, 0.75, 1}, U | G, -701.84140760589844},
    {"gamma", {10, 10, 1}, L, 0.54207028552814784},
    {"gamma", {10, 10, 1}, U, 0.45792971447185221},
    {"gamma", {3, 25, 1}, L, 3.0724118736993524e-15},
    {"gamma", {100, 25, 1}, U, 7.8576107246547432e-20},
    {"gamma", {95, 100, 1}, L, 0.31735681116980002},
    {"gamma", {95, 100, 1}, U, 0.68264318883020003},
    {"gamma", {900, 1000, 1}, L, 0.00054990226571178288},
    {"gamma", {900, 1000, 1}, U, 0.99945009773428817},
    {"gamma", {1200, 1000, 1}, U, 1.2881606086281433e-09},
    {"gamma", {99000, 100000, 1}, L, 0.00075741992117476793},
    {"gamma", {99000, 100000, 1}, U, 0.99924258007882527},
    {"gamma", {100500.5, 100000, 1}, L, 0.94307707623871095},
    {"gamma", {100500.5, 100000, 1}, U, 0.056922923761288997},
    {"gamma", {1003000, 1000000, 1}, L, 0.99863825935378236},
    {"gamma", {1003000, 1000000, 1}, U, 0.0013617406462175915},
    {"gamma", {975000, 1000000, 1}, L, 1.5137051501104435e-140},
    {"gamma", {1500, 3, 1}, U | G, -1486.0653730734407},
    {"gamma", {9.9999999999999998e-201, 1.5, 1}, L | G, -691.0602107686866},
    {"gamma", {0.001, 30, 1}, L, 3.7663410203018769e-123},
    {"chisq", {14.067140449340169, 7}, L, 0.94999999999999996},
    {"chisq", {14.067140449340169, 7}, U, 0.049999999999999996},
    {"chisq", {0.01, 1}, L, 0.079655674554057962},
    {"chisq", {0.01, 1}, U, 0.92034432544594202},
    {"chisq", {3.841458820694124, 1}, L, 0.94999999999999996},
    {"chisq", {3.841458820694124, 1}, U, 0.050000000000000058},
    {"chisq", {1000, 900}, L, 0.98900539105786411},
    {"chisq", {1000, 900}, U, 0.010994608942135848},
    {"chisq", {250, 50}, U, 2.1772910011123799e-28},
    {"chisq", {0.0001, 4}, L, 1.2499583341145731e-09},
    {"beta", {0.13700000000000001, 3, 48}, L, 0.97485112077018199},
    {"beta", {0.13700000000000001, 3, 48}, U, 0.025148879229818049},
    {"beta", {0.5, 0.5, 0.5}, L, 0.5},
    {"beta", {0.5, 0.5, 0.5}, U, 0.5},
    {"beta", {1e-10, 2, 5}, L, 1.4999999996000002e-19},
    {"beta", {0.999, 2, 0.5}, L, 0.95258164648577515},
    {"beta", {0.999, 2, 0.5}, U, 0.047418353514224867},
    {"beta", {0.29999999999999999, 2.5, 7.25}, L, 0.66048227358190725},
    {"beta", {0.29999999999999999, 2.5, 7.25}, U, 0.3395177264180928},
    {"beta", {0.01, 0.050000000000000003, 3}, L, 0.8540836612930317},
    {"beta", {0.01, 0.050000000000000003, 3}, U, 0.14591633870696827},
    {"beta", {0.40000000000000002, 1000.5, 1500.25}, L, 0.49782829981991511},
    {"beta", {0.40000000000000002, 1000.5, 1500.25}, U, 0.50217170018008483},
    {"beta", {0.02, 5, 5000}, U, 5.8643786753395763e-38},
    {"beta", {0.001, 1000, 3}, L | G, -6894.6319171024024},
    {"beta", {0.75, 200, 20}, L, 5.6047848369099876e-10},
    {"f", {2.5, 3, 20}, L, 0.91115624806231077},
    {"f", {2.5, 3, 20}, U, 0.088843751937689217},
    {"f", {0.01, 1, 1}, L, 0.063451034861107133},
    {"f", {0.01, 1, 1}, U, 0.93654896513889285},
    {"f", {1000, 2, 3}, L, 0.99994203571833573},
    {"f", {1000, 2, 3}, U, 5.7964281664224065e-05},
    {"f", {1.05, 500, 1000}, L, 0.73889690066889868},
    {"f", {1.05, 500, 1000}, U, 0.26110309933110126},
    {"f", {9.9999999999999995e-07, 4, 7}, L, 2.5714231836809735e-12},
    {"f", {4, 10, 12.5}, L, 0.98790749497733155},
    {"f", {4, 10, 12.5}, U, 0.012092505022668478},
    {"t", {2.2621571627982, 9, 0}, L, 0.97499999999999976},
    {"t", {2.2621571627982, 9, 0}, U, 0.025000000000000227},
    {"t", {-0.001, 3, 0}, L, 0.49963244748473046},
    {"t", {-0.001, 3, 0}, U, 0.50036755251526954},
    {"t", {0.25, 1, 0}, L, 0.57797913037736937},
    {"t", {0.25, 1, 0}, U, 0.42202086962263069},
    {"t", {-1000, 2, 0}, L, 4.9999925000125002e-07},
    {"t", {50, 30, 0}, U, 9.357708829611357e-31},
    {"t", {1.5, 0.5, 0}, L, 0.74604910467594576},
    {"t", {1.5, 0.5, 0}, U, 0.25395089532405424},
    {"t", {-8, 10000, 0}, L, 6.9106043645326909e-16},
    {"t", {3, 1000000, 0}, L, 0.99865006872928908},
    {"t", {3, 1000000, 0}, U, 0.0013499312707108985},
    {"t", {10000000000, 1.5, 0}, U, 3.7708524320162462e-16},
    {"t", {5, 100000000, 0}, U, 2.8665205506336429e-07},
    {"dgamma", {2, 1.5, 0.80000000000000004}, L, 0.23053340590178345},
    {"dgamma", {1.0000000000000001e-05, 0.5, 1}, L, 178.41062750008155},
    {"dgamma", {1000, 1000, 1}, L, 0.012614611348721499},
    {"dgamma", {997000, 1000000, 1}, L, 4.4052670099185582e-06},
    {"dgamma", {800, 3, 1}, L | G, -787.32392372522406},
    {"dgamma", {0.10000000000000001, 0.001, 3}, L, 0.0074035344442817119},
    {"dbeta", {0.13700000000000001, 3, 48}, L, 1.0847405091765598},
    {"dbeta", {0.5, 0.5, 0.5}, L, 0.63661977236758138},
    {"dbeta", {0.40000000000000002, 1000.5, 1500.25}, L, 40.718685863240026},
    {"dbeta", {1.0000000000000001e-05, 2, 30}, L, 0.0092973033775460203},
    {"dt", {0, 5, 0}, L, 0.37960668982249446},
    {"dt", {2.5, 9, 0}, L, 0.027780120592759115},
    {"dt", {-40, 30, 0}, L, 5.0554892861733149e-28},
    {"dt", {1, 1000000, 0}, L, 0.24197060353383151},
    {"dt", {1000, 0.5, 0}, L, 5.0707257492109914e-06},
    {"df", {2.5, 3, 20}, L, 0.087265744179149687},
    {"df", {0.29999999999999999, 1.5, 7}, L, 0.66436092852068518},
    {"df", {1.01, 2000, 3000}, L, 9.3909652862333513},
    {"t", {2, 9, 1.5}, L, 0.65587591399854972},
    {"t", {2, 9, 1.5}, U, 0.34412408600145034},
    {"dt", {2, 9, 1.5}, L, 0.3110960940295987},
    {"t", {-1, 9, 1.5}, L, 0.0079567253053847032},
    {"t", {-1, 9, 1.5}, U, 0.99204327469461528},
    {"dt", {-1, 9, 1.5}, L, 0.018167183451993325},
    {"t", {12, 19, 8.5}, L, 0.94113570307654715},
    {"t", {12, 19, 8.5}, U, 0.058864296923452811},
    {"dt", {12, 19, 8.5}, L, 0.044426012747432998},
    {"t", {0, 4, 2}, L, 0.022750131948179209},
    {"t", {0, 4, 2}, U, 0.97724986805182079},
    {"dt", {0, 4, 2}, L, 0.050750731213729756},
    {"t", {40, 3, 6}, L, 0.99506705217292035},
    {"t", {40, 3, 6}, U, 0.0049329478270796782},
    {"dt", {40, 3, 6}, L, 0.00036406847390777961},
    {"t", {-3, 5, -4}, L, 0.80137482305877017},
    {"t", {-3, 5, -4}, U, 0.19862517694122986},
    {"dt", {-3, 5, -4}, L, 0.22320835681415691},
    {"t", {5, 199, 9}, L, 5.1262234129813578e-05},
    {"t", {5, 199, 9}, U, 0.99994873776587023},
    {"dt", {5, 199, 9}, L, 0.00021408075138868476},
    {"t", {60, 50, 45}, L, 0.9940354040918874},
    {"t", {60, 50, 45}, U, 0.0059645959081125657},
    {"dt", {60, 50, 45}, L, 0.0023214928493027263},
    {"t", {-6, 12, 3}, L, 1.311921936226962e-10},
    {"dt", {-6, 12, 3}, L, 2.3158002846562098e-10},
    {"binom", {2, 80, 0.02}, L, 0.78441888697535611},
    {"binom", {2, 80, 0.02}, U, 0.21558111302464386},
    {"dbinom", {2, 80, 0.02}, L, 0.26144538369814635},
    {"binom", {0, 10, 0.29999999999999999}, L, 0.028247524900000005},
    {"binom", {0, 10, 0.29999999999999999}, U, 0.97175247509999996},
    {"dbinom", {0, 10, 0.29999999999999999}, L, 0.028247524900000005},
    {"binom", {40, 50, 0.5}, L, 0.99999719294995337},
    {"binom", {40, 50, 0.5}, U, 2.8070500466270687e-06},
    {"dbinom", {40, 50, 0.5}, L, 9.1236157917506944e-06},
    {"binom", {5, 2000, 0.0001}, U, 7.4385875185421704e-08},
    {"dbinom", {5, 2000, 0.0001}, L, 2.1734494704676527e-06},
    {"binom", {30, 2000, 0.0001}, U, 1.7083656076908034e-56},
    {"dbinom", {30, 2000, 0.0001}, L, 2.6714839895749825e-54},
    {"binom", {520, 1000, 0.5}, L, 0.90261683576911722},
    {"binom", {520, 1000, 0.5}, U, 0.097383164230882738},
    {"dbinom", {520, 1000, 0.5}, L, 0.011340982371187728},
    {"binom", {900, 1000, 0.98999999999999999}, L, 8.2747768789145713e-65},
    {"dbinom", {900, 1000, 0.98999999999999999}, L, 7.5307723849743032e-65},
    {"pois", {3, 2.5}, L, 0.75757613313306593},
    {"pois", {3, 2.5}, U, 0.24242386686693404},
    {"dpois", {3, 2.5}, L, 0.21376301724973645},
    {"pois", {0, 0.001}, L, 0.99900049983337502},
    {"pois", {0, 0.001}, U, 0.00099950016662500845},
    {"dpois", {0, 0.001}, L, 0.99900049983337502},
    {"pois", {30, 5.5}, U, 5.3574005045190822e-14},
    {"dpois", {30, 5.5}, L, 2.5038076351037721e-13},
    {"pois", {900, 1000}, L, 0.00069776732779630677},
    {"pois", {900, 1000}, U, 0.99930223267220364},
    {"dpois", {900, 1000}, L, 7.5169543521259519e-05},
    {"pois", {1100, 1000}, L, 0.99913235903655639},
    {"pois", {1100, 1000}, U, 0.00086764096344356205},
    {"dpois", {1100, 1000}, L, 9.4989442422995071e-05},
    {"pois", {0, 800}, L | G, -800},
    {"dpois", {0, 800}, L | G, -800},
    {"nbinom", {10, 3, 0.40000000000000002}, L, 0.9420975898624},
    {"nbinom", {10, 3, 0.40000000000000002}, U, 0.057902410137599981},
    {"dnbinom", {10, 3, 0.40000000000000002}, L, 0.025540912742399995},
    {"nbinom", {0, 0.5, 0.90000000000000002}, L, 0.94868329805051377},
    {"nbinom", {0, 0.5, 0.90000000000000002}, U, 0.05131670194948619},
    {"dnbinom", {0, 0.5, 0.90000000000000002}, L, 0.94868329805051377},
    {"nbinom", {50, 2.5, 0.29999999999999999}, U, 6.2811994298402622e-07},
    {"dnbinom", {50, 2.5, 0.29999999999999999}, L, 2.4467907199077704e-07},
    {"nbinom", {200, 100, 0.25}, L, 0.00074761689207838425},
    {"nbinom", {200, 100, 0.25}, U, 0.99925238310792164},
    {"dnbinom", {200, 100, 0.25}, L, 8.8724393612601876e-05},
    {"nbinom", {3, 1000000, 0.99999899999999997}, L, 0.98101172049533703},
    {"nbinom", {3, 1000000, 0.99999899999999997}, U, 0.018988279504663006},
    {"dnbinom", {3, 1000000, 0.99999899999999997}, L, 0.06131339348188497},
    {"nbinom_mu", {5, 2, 3.5}, L, 0.78869611191896449},
    {"nbinom_mu", {5, 2, 3.5}, U, 0.21130388808103548},
    {"dnbinom_mu", {5, 2, 3.5}, L, 0.082796625533793494},
    {"nbinom_mu", {1, 100000000, 0.5}, L, 0.90979598918986848},
    {"nbinom_mu", {1, 100000000, 0.5}, U, 0.090204010810131519},
    {"dnbinom_mu", {1, 100000000, 0.5}, L, 0.30326532871907175},
    {"nbinom_mu", {40, 0.69999999999999996, 10}, L, 0.96700955011698719},
    {"nbinom_mu", {40, 0.69999999999999996, 10}, U, 0.032990449883012786},
    {"dnbinom_mu", {40, 0.69999999999999996, 10}, L, 0.002515356667110323},
    {"hyper", {1, 20, 180, 20}, L, 0.37821169516491043},
    {"hyper", {1, 20, 180, 20}, U, 0.62178830483508962},
    {"dhyper", {1, 20, 180, 20}, L, 0.26966965787159386},
    {"hyper", {0, 5, 1000, 30}, L, 0.85913102201629921},
    {"hyper", {0, 5, 1000, 30}, U, 0.14086897798370082},
    {"dhyper", {0, 5, 1000, 30}, L, 0.85913102201629921},
    {"hyper", {10, 50, 50, 20}, L, 0.59843560885327474},
    {"hyper", {10, 50, 50, 20}, U, 0.40156439114672526},
    {"dhyper", {10, 50, 50, 20}, L, 0.19687121770654945},
    {"hyper", {18, 20, 180, 20}, U, 2.231672814366183e-24},
    {"dhyper", {18, 20, 180, 20}, L, 1.896952879059553e-21},
    {"hyper", {3, 1000, 100000, 400}, L, 0.43992846245355155},
    {"hyper", {3, 1000, 100000, 400}, U, 0.56007153754644845},
    {"dhyper", {3, 1000, 100000, 400}, L, 0.19800062934743812},
    {"hyper", {12, 1000, 100000, 400}, L, 0.99978210386752453},
    {"hyper", {12, 1000, 100000, 400}, U, 0.00021789613247550835},
    {"dhyper", {12, 1000, 100000, 400}, L, 0.00053927649784582705},
    {"hyper", {55, 100, 50, 80}, L, 0.77412374270534945},
    {"hyper", {55, 100, 50, 80}, U, 0.22587625729465058},
    {"dhyper", {55, 100, 50, 80}, L, 0.1165558147508815},
    {"signrank", {0, 1}, L, 0.5},
    {"signrank", {0, 1}, U, 0.5},
    {"dsignrank", {0, 1}, L, 0.5},
    {"signrank", {0, 5}, L, 0.03125},
    {"signrank", {0, 5}, U, 0.96875},
    {"dsignrank", {0, 5}, L, 0.03125},
    {"signrank", {3, 5}, L, 0.15625},
    {"signrank", {3, 5}, U, 0.84375},
    {"dsignrank", {3, 5}, L, 0.0625},
    {"signrank", {8, 5}, L, 0.59375},
    {"signrank", {8, 5}, U, 0.40625},
    {"dsignrank", {8, 5}, L, 0.09375},
    {"signrank", {5, 20}, L, 9.5367431640625e-06},
    {"signrank", {5, 20}, U, 0.99999046325683594},
    {"dsignrank", {5, 20}, L, 2.86102294921875e-06},
    {"signrank", {60, 20}, L, 0.048653602600097656},
    {"signrank", {60, 20}, U, 0.95134639739990234},
    {"dsignrank", {60, 20}, L, 0.0038061141967773438},
    {"signrank", {105, 20}, L, 0.50728225708007812},
    {"signrank", {105, 20}, U, 0.49271774291992188},
    {"dsignrank", {105, 20}, L, 0.01456451416015625},
    {"signrank", {180, 20}, L, 0.99842357635498047},
    {"signrank", {180, 20}, U, 0.0015764236450195312},
    {"dsignrank", {180, 20}, L, 0.00025081634521484375},
    {"signrank", {4000, 200}, L, 5.7908729221505189e-15},
    {"dsignrank", {4000, 200}, L, 6.408707067335453e-17},
    {"signrank", {10050, 200}, L, 0.50024284184851275},
    {"signrank", {10050, 200}, U, 0.49975715815148719},
    {"dsignrank", {10050, 200}, L, 0.00048568369702557392},
    {"signrank", {12000, 200}, L, 0.99145495500939718},
    {"signrank", {12000, 200}, U, 0.0085450449906028045},
    {"dsignrank", {12000, 200}, L, 2.8684978240794838e-05},
    {"signrank", {1000, 200}, L, 1.7744211270761517e-37},
    {"dsignrank", {1000, 200}, L, 4.9191879879128281e-39},
    {"wilcox", {0, 1, 1}, L, 0.5},
    {"wilcox", {0, 1, 1}, U, 0.5},
    {"dwilcox", {0, 1, 1}, L, 0.5},
    {"wilcox", {0, 4, 6}, L, 0.0047619047619047623},
    {"wilcox", {0, 4, 6}, U, 0.99523809523809526},
    {"dwilcox", {0, 4, 6}, L, 0.0047619047619047623},
    {"wilcox", {5, 4, 6}, L, 0.085714285714285715},
    {"wilcox", {5, 4, 6}, U, 0.91428571428571426},
    {"dwilcox", {5, 4, 6}, L, 0.028571428571428571},
    {"wilcox", {12, 4, 6}, L, 0.54285714285714282},
    {"wilcox", {12, 4, 6}, U, 0.45714285714285713},
    {"dwilcox", {12, 4, 6}, L, 0.085714285714285715},
    {"wilcox", {20, 4, 6}, L, 0.96666666666666667},
    {"wilcox", {20, 4, 6}, U, 0.033333333333333333},
    {"dwilcox", {20, 4, 6}, L, 0.023809523809523808},
    {"wilcox", {50, 12, 30}, L, 6.3840706980235353e-05},
    {"wilcox", {50, 12, 30}, U, 0.99993615929301971},
    {"dwilcox", {50, 12, 30}, L, 8.6209976766886934e-06},
    {"wilcox", {100, 12, 30}, L, 0.012706872917257953},
    {"wilcox", {100, 12, 30}, U, 0.98729312708274208},
    {"dwilcox", {100, 12, 30}, L, 0.00093999060647295988},
    {"wilcox", {180, 12, 30}, L, 0.50547541698222642},
    {"wilcox", {180, 12, 30}, U, 0.49452458301777358},
    {"dwilcox", {180, 12, 30}, L, 0.010950833964452846},
    {"wilcox", {300, 12, 30}, L, 0.99978411107205867},
    {"wilcox", {300, 12, 30}, U, 0.00021588892794130864},
    {"dwilcox", {300, 12, 30}, L, 2.9102242566202832e-05},
    {"wilcox", {1000, 100, 80}, L, 4.4729456221501263e-21},
    {"dwilcox", {1000, 100, 80}, L, 1.5834027006069293e-22},
    {"wilcox", {2500, 100, 80}, L, 5.9973050083456815e-06},
    {"wilcox", {2500, 100, 80}, U, 0.99999400269499161},
    {"dwilcox", {2500, 100, 80}, L, 8.2578018367825565e-08},
    {"wilcox", {4000, 100, 80}, L, 0.5005727666615738},
    {"wilcox", {4000, 100, 80}, U, 0.4994272333384262},
    {"dwilcox", {4000, 100, 80}, L, 0.0011455333231475716},
    {"wilcox", {4600, 100, 80}, L, 0.95806687527415013},
    {"wilcox", {4600, 100, 80}, U, 0.041933124725849841},
    {"dwilcox", {4600, 100, 80}, L, 0.0002597188313459286},
    {"wilcox", {6000, 100, 80}, U, 1.5658707681602411e-09},
    {"dwilcox", {6000, 100, 80}, L, 3.0436273199077656e-11},
    {"wilcox", {30000, 300, 300}, L, 4.277332929749959e-13},
    {"wilcox", {38000, 300, 300}, L, 0.0004775883588647607},
    {"wilcox", {38000, 300, 300}, U, 0.9995224116411352},
    {"wilcox", {45000, 300, 300}, L, 0.50009388280412359},
    {"wilcox", {45000, 300, 300}, U, 0.49990611719587641},
    {"digamma", {4.5}, L, 1.3888709263595289},
    {"trigamma", {4.5}, L, 0.24872510303901038},
    {"digamma", {0.10000000000000001}, L, -10.423754940411076},
    {"trigamma", {0.10000000000000001}, L, 101.43329915079275},
    {"digamma", {1.0000000000000001e-05}, L, -100000.57719921567},
    {"trigamma", {1.0000000000000001e-05}, L, 10000000001.644909},
    {"digamma", {1}, L, -0.57721566490153287},
    {"trigamma", {1}, L, 1.6449340668482264},
    {"digamma", {100}, L, 4.6001618527380872},
    {"trigamma", {100}, L, 0.010050166663333571},
    {"digamma", {-1.5}, L, 0.70315664064524319},
    {"trigamma", {-1.5}, L, 9.3792466449891236},
    {"digamma", {1000000}, L, 13.815510057964191},
    {"trigamma", {1000000}, L, 1.0000005000001667e-06},
    {"lgamma", {0.5}, L, 0.57236494292470008},
    {"lgamma", {1e-10}, L, 23.025850929882736},
    {"lgamma", {4.5}, L, 2.4537365708424423},
    {"lgamma", {171.5}, L, 709.14316303092824},
    {"lgamma", {1000000}, L, 12815504.569147611},
    {"lgamma", {-2.5}, L, -0.056243716497674054},
    {"lgamma1p", {9.9999999999999998e-13}, L, -5.7721566490071034e-13},
    {"lgamma1p", {-0.29999999999999999}, L, 0.26086724653166649},
    {"lgamma1p", {0.40000000000000002}, L, -0.1196129141723713},
    {"lgamma1p", {0.001}, L, -0.00057639359828336959},
    {"log1pmx", {1.0000000000000001e-09}, L, -4.9999999966666673e-19},
    {"log1pmx", {-0.34999999999999998}, L, -0.080782916092454249},
    {"log1pmx", {0.5}, L, -0.094534891891835615},
    {"log1pmx", {0.69999999999999996}, L, -0.16937174893782958},
    {"log1pmx", {-0.90000000000000002}, L, -1.402585092994046},
    {"tukey", {3.5, 3, INF}, L, 0.96444295813683967},
    {"tukey", {3.5, 3, INF}, U, 0.035557041863160374},
    {"tukey", {1, 4, INF}, L, 0.1056744878718192},
    {"tukey", {1, 4, INF}, U, 0.89432551212818079},
    {"tukey", {7, 2, INF}, U, 7.4309837234141278e-07},
    {"tukey", {5, 20, INF}, L, 0.94863533642086639},
    {"tukey", {5, 20, INF}, U, 0.051364663579133572},
    {"tukey", {9, 10, INF}, U, 8.835407451874528e-09},
    {"tukey", {3.5, 3, 20, 1}, L, 0.944108150918251},
    {"tukey", {3.5, 3, 20, 1}, U, 0.055891849081749},
    /* clang-format on */
};

static bool close_to(double got, double expected, double relative)
{
    return got == expected || fabs(got - expected) <= relative * fabs(expected);
}

static void near(double got, double expected, double relative, const char *what)
{
    if (!close_to(got, expected, relative)) {
        fail_msg("%s: got %.17g, expected %.17g", what, got, expected);
    }
}

/* What to ask of a distribution. */
enum question { DENSITY, CDF, QUANTILE };

static double ask_continuous(const char *name, enum question what, double x, const double *a,
                             unsigned tail, bool *known)
{
    bool log = (tail & G) != 0;
#define ASK(id, fn, ...)                                                                           \
    if (strcmp(name, id) == 0) {                                                                   \
        return what == DENSITY ? zh_dist_##fn##_density(x, __VA_ARGS__, log)                       \
               : what == CDF   ? zh_dist_##fn##_cdf(x, __VA_ARGS__, tail)                          \
                               : zh_dist_##fn##_quantile(x, __VA_ARGS__, tail);                      \
    }
    *known = true;
    ASK("norm", normal, a[0], a[1])
    ASK("gamma", gamma, a[0], a[1])
    ASK("chisq", chi_squared, a[0])
    ASK("beta", beta, a[0], a[1])
    ASK("f", fisher, a[0], a[1])
    ASK("t", student, a[0], a[1])
    if (strcmp(name, "tukey") == 0) {
        double ranges = a[2] > 0.0 ? a[2] : 1.0;
        return what == CDF ? zh_dist_studentized_range_cdf(x, a[0], a[1], ranges, tail)
                           : zh_dist_studentized_range_quantile(x, a[0], a[1], ranges, tail);
    }
    *known = false;
    return 0.0;
}

static double ask_count(const char *name, enum question what, double x, const double *a,
                        unsigned tail, bool *known)
{
    bool log = (tail & G) != 0;
    *known = true;
    ASK("binom", binomial, a[0], a[1])
    ASK("pois", poisson, a[0])
    ASK("nbinom", negative_binomial, a[0], a[1])
    ASK("hyper", hypergeometric, a[0], a[1], a[2])
    if (strcmp(name, "nbinom_mu") == 0) {
        return what == DENSITY ? zh_dist_negative_binomial_density_mu(x, a[0], a[1], log)
               : what == CDF   ? zh_dist_negative_binomial_cdf_mu(x, a[0], a[1], tail)
                               : zh_dist_negative_binomial_quantile_mu(x, a[0], a[1], tail);
    }
    if (strcmp(name, "signrank") == 0 || strcmp(name, "wilcox") == 0) {
        zh_arena *arena = zh_arena_new((size_t)1 << 26);
        zh_dist_ranks ranks;
        assert_true((name[0] == 's' ? zh_dist_signed_rank(arena, (size_t)a[0], &ranks, NULL)
                                    : zh_dist_rank_sum(arena, (size_t)a[0], (size_t)a[1], &ranks,
                                                       NULL)) == ZH_OK);
        double value = what == DENSITY ? zh_dist_ranks_density(&ranks, x, log)
                       : what == CDF   ? zh_dist_ranks_cdf(&ranks, x, tail)
                                       : zh_dist_ranks_quantile(&ranks, x, tail);
        zh_arena_free(arena);
        return value;
    }
    *known = false;
    return 0.0;
#undef ASK
}

static double special(const char *name, double x, bool *known)
{
    *known = true;
    return strcmp(name, "lgamma") == 0     ? zh_lgamma(x)
           : strcmp(name, "digamma") == 0  ? zh_digamma(x)
           : strcmp(name, "trigamma") == 0 ? zh_trigamma(x)
           : strcmp(name, "lgamma1p") == 0 ? zh_lgamma1p(x)
           : strcmp(name, "log1pmx") == 0  ? zh_log1pmx(x)
                                           : (*known = false, 0.0);
}

/* Every value, and the quantile of every probability; all misses are printed before the test fails.
 */
static void test_table(void **state)
{
    (void)state;
    size_t missed = 0;
    for (size_t i = 0; i < ZH_COUNTOF(samples); i++) {
        const struct sample *s = &samples[i];
        bool known = false;
        bool count = false;
        bool density = false;
        double got = special(s->name, s->a[0], &known);
        if (!known) {
            density = s->name[0] == 'd';
            enum question what = density ? DENSITY : CDF;
            got = ask_continuous(s->name + density, what, s->a[0], s->a + 1, s->tail, &known);
            if (!known) {
                count = true;
                got = ask_count(s->name + density, what, s->a[0], s->a + 1, s->tail, &known);
            }
            assert_true(known);
            double back = s->a[0];
            if (!density) {
                /* A count is still the answer for a p a little easier to reach. */
                double easier = s->value * (1.0 + ((s->tail & U) != 0 ? 1e-10 : -1e-10) *
                                                      ((s->tail & G) != 0 ? -1.0 : 1.0));
                back = count
                           ? ask_count(s->name, QUANTILE, easier, s->a + 1, s->tail, &known)
                           : ask_continuous(s->name, QUANTILE, s->value, s->a + 1, s->tail, &known);
            }
            if (!close_to(back, s->a[0], count ? 0.0 : 1e-10) && fabs(back) > 1e-14) {
                print_message("quantile of %s(%g, %g, %g; %g) tail %u: got %.17g, relative %.1e\n",
                              s->name, s->a[0], s->a[1], s->a[2], s->a[3], s->tail, back,
                              back / s->a[0] - 1.0);
                missed++;
            }
        }
        if (!close_to(got, s->value, 1e-12)) {
            print_message("%s(%g, %g, %g; %g) tail %u: got %.17g, expected %.17g, relative %.1e\n",
                          s->name, s->a[0], s->a[1], s->a[2], s->a[3], s->tail, got, s->value,
                          got / s->value - 1.0);
            missed++;
        }
    }
    assert_int_equal(missed, 0);
}

/* Published to the digits that they have: Student's t, chi-squared and F tables of NIST/SEMATECH
 * e-Handbook 1.3.6.7; studentized range, Harter (1960) and Pearson & Hartley, Biometrika Tables;
 * Wilcoxon critical values, W. J. Conover, Practical Nonparametric Statistics (1999), table A12. */
static void test_published(void **state)
{
    (void)state;
    assert_true(fabs(zh_dist_student_quantile(0.975, 9, 0.0, L) - 2.262) < 5e-4);
    assert_true(fabs(zh_dist_student_quantile(0.001, 30, 0.0, U) - 3.385) < 5e-4);
    assert_true(fabs(zh_dist_chi_squared_quantile(0.95, 7, L) - 14.067) < 5e-4);
    assert_true(fabs(zh_dist_fisher_quantile(0.05, 3, 20, U) - 3.098) < 5e-4);
    assert_true(fabs(zh_dist_studentized_range_quantile(0.95, 3, 10, 1, L) - 3.877) < 1e-3);
    assert_true(fabs(zh_dist_studentized_range_quantile(0.01, 5, 20, 1, U) - 5.29) < 5e-3);
    assert_true(fabs(zh_dist_studentized_range_quantile(0.95, 10, (double)INFINITY, 1, L) - 4.474) <
                1e-3);
    zh_arena *arena = zh_arena_new(1 << 20);
    zh_dist_ranks ranks;
    assert_true(zh_dist_signed_rank(arena, 15, &ranks, NULL) == ZH_OK);
    assert_true(zh_dist_ranks_quantile(&ranks, 0.05, L) == 31.0);
    assert_true(zh_dist_ranks_quantile(&ranks, 0.005, L) == 16.0);
    zh_arena_free(arena);
}

/* quantile(cdf(x)) is x and the tails add up to 1, at random parameters and places. */
static void test_round_trips(void **state)
{
    (void)state;
    static const char *const names[] = {"norm", "gamma", "chisq", "beta", "f", "t"};
    const uint64_t seed = 5;
    print_message("seed %llu\n", (unsigned long long)seed);
    zh_random random;
    zh_random_seed(&random, seed);
    for (int i = 0; i < 600; i++) {
        const char *name = names[i % 6];
        double a[3] = {exp(3.0 * zh_random_normal(&random)), exp(3.0 * zh_random_normal(&random)),
                       0.0};
        bool noncentral = strcmp(name, "t") == 0;
        if (noncentral) {
            a[1] = i % 12 == 5 && a[0] > 0.5 ? 4.0 * zh_random_normal(&random) : 0.0;
        }
        double p = exp(-20.0 * zh_random_uniform(&random)) * 0.5;
        unsigned tail = i % 4 < 2 ? L : U;
        bool known;
        double x = ask_continuous(name, QUANTILE, p, a, tail, &known);
        double back = ask_continuous(name, CDF, x, a, tail, &known);
        double other = ask_continuous(name, CDF, x, a, tail ^ U, &known);
        double logarithm = ask_continuous(name, CDF, x, a, tail | G, &known);
        bool inside =
            fabs(x) > 1e-250 && fabs(x) < 1e250 && !(strcmp(name, "beta") == 0 && x > 0.9);
        if (inside && (!close_to(back, p, 1e-9) || fabs(back + other - 1.0) > 1e-12 ||
                       fabs(exp(logarithm) - back) > 1e-12 * back)) {
            fail_msg("%s(%.17g, %.17g): p %.17g, x %.17g, back %.17g, other %.17g, log %.17g", name,
                     a[0], a[1], p, x, back, other, logarithm);
        }
    }
}

/* The mass of a count is the step of its distribution function, in either tail. */
static void test_masses(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        double a[3];
        double to;
    } cases[] = {
        {"binom", {37, 0.21, 0}, 37},  {"pois", {4.7, 0, 0}, 40},
        {"nbinom", {2.3, 0.3, 0}, 60}, {"nbinom_mu", {2.3, 5.0, 0}, 60},
        {"hyper", {12, 30, 17}, 17},   {"signrank", {11, 0, 0}, 66},
        {"wilcox", {7, 9, 0}, 63},     {"hyper", {0, 30, 17}, 0},
        {"binom", {0, 0.3, 0}, 0},     {"binom", {5, 1.0, 0}, 5},
    };
    for (size_t c = 0; c < ZH_COUNTOF(cases); c++) {
        double below = 0.0;
        bool known;
        for (double x = 0.0; x <= cases[c].to; x += 1.0) {
            double mass = ask_count(cases[c].name, DENSITY, x, cases[c].a, L, &known);
            double lower = ask_count(cases[c].name, CDF, x, cases[c].a, L, &known);
            double upper = ask_count(cases[c].name, CDF, x, cases[c].a, U, &known);
            assert_true(known);
            below += mass;
            near(lower, below, 1e-12, cases[c].name);
            assert_true(fabs(upper + lower - 1.0) < 1e-14);
            if (mass > 1e-10 && lower < 1.0 - 1e-10) {
                assert_true(ask_count(cases[c].name, QUANTILE, lower, cases[c].a, L, &known) == x);
                assert_true(ask_count(cases[c].name, QUANTILE, upper, cases[c].a, U, &known) == x);
            }
        }
        assert_true(ask_count(cases[c].name, DENSITY, 0.5, cases[c].a, L, &known) == 0.0);
        assert_true(ask_count(cases[c].name, CDF, -1.0, cases[c].a, L, &known) == 0.0);
        assert_true(ask_count(cases[c].name, CDF, 1e9, cases[c].a, L, &known) == 1.0);
    }
    assert_true(isinf(zh_dist_poisson_quantile(1.0, 3.0, L)));
    assert_true(zh_dist_binomial_quantile(1.0, 7, 0.5, L) == 7.0);
    assert_true(zh_dist_binomial_quantile(0.0, 7, 0.5, L) == 0.0);
}

static void test_ends(void **state)
{
    (void)state;
    double inf = (double)INFINITY;
    double nan = (double)NAN;
    assert_true(zh_dist_normal_cdf(inf, 0, 1, L) == 1.0 &&
                zh_dist_normal_cdf(-inf, 0, 1, L) == 0.0);
    assert_true(zh_dist_normal_quantile(0.0, 0, 1, L) == -inf);
    assert_true(zh_dist_normal_quantile(0.0, 0, 1, L | G) == inf);
    assert_true(zh_dist_normal_quantile(0.5, 3, 2, L) == 3.0);
    assert_true(zh_dist_normal_cdf(2.0, 2.0, 0.0, L) == 1.0);
    assert_true(zh_dist_gamma_cdf(-1.0, 2.0, 1.0, L) == 0.0);
    assert_true(zh_dist_gamma_density(0.0, 1.0, 3.0, false) == 3.0);
    assert_true(isinf(zh_dist_gamma_density(0.0, 0.5, 3.0, false)));
    assert_true(zh_dist_beta_density(0.0, 1.0, 4.0, false) == 4.0);
    assert_true(zh_dist_beta_quantile(1.0, 2.0, 3.0, L) == 1.0);
    assert_true(zh_dist_student_quantile(0.5, 3.0, 0.0, L) == 0.0);
    near(zh_dist_student_cdf(1.5, inf, 0.0, L), zh_dist_normal_cdf(1.5, 0, 1, L), 1e-15, "t inf");
    near(zh_dist_student_cdf(1.5, inf, 1.0, L), zh_dist_normal_cdf(0.5, 0, 1, L), 1e-14, "t inf");
    near(zh_dist_fisher_cdf(2.0, 3.0, inf, U), zh_dist_chi_squared_cdf(6.0, 3.0, U), 1e-14, "F");
    /* t with 1 degree of freedom is Cauchy's; its square is F(1, 1). */
    near(zh_dist_student_cdf(-1e8, 1.0, 0.0, L), atan(1e-8) / acos(-1.0), 1e-13, "Cauchy");
    near(zh_dist_fisher_cdf(1e16, 1.0, 1.0, U), 2.0 * atan(1e-8) / acos(-1.0), 1e-13, "F");
    assert_true(isnan(zh_dist_normal_cdf(nan, 0, 1, L)) && isnan(zh_dist_normal_cdf(0, 0, -1, L)));
    assert_true(isnan(zh_dist_gamma_quantile(0.5, -1.0, 1.0, L)));
    assert_true(isnan(zh_dist_gamma_quantile(1.5, 1.0, 1.0, L)));
    assert_true(isnan(zh_dist_gamma_quantile(0.5, 1.0, 1.0, L | G)));
    assert_true(isnan(zh_dist_binomial_cdf(1, 2.5, 0.5, L)));
    assert_true(isnan(zh_dist_hypergeometric_cdf(1, 3, 4, 8, L)));
    assert_true(isnan(zh_dist_student_cdf(1.0, 5.0, 10001.0, L)));
    assert_true(isnan(zh_dist_studentized_range_cdf(1.0, 1.0, 5.0, 1.0, L)));
    assert_true(isnan(zh_digamma(-2.0)) && isnan(zh_trigamma(0.0)) && isinf(zh_lgamma(0.0)));
    assert_true(isnan(zh_dist_poisson_quantile(nan, 2.0, L)));
}

static void test_rank_sizes(void **state)
{
    (void)state;
    zh_arena *arena = zh_arena_new((size_t)1 << 26);
    zh_dist_ranks ranks;
    assert_true(zh_dist_signed_rank(arena, 0, &ranks, NULL) == ZH_EINVAL);
    assert_true(zh_dist_signed_rank(arena, ZH_SIGNED_RANK_N_MAX + 1, &ranks, NULL) == ZH_ELIMIT);
    assert_true(zh_dist_signed_rank(arena, ZH_SIGNED_RANK_N_MAX, &ranks, NULL) == ZH_OK);
    /* Symmetric: the middle, 250250, has half above and half below it. */
    near(zh_dist_ranks_cdf(&ranks, 250250, L) + zh_dist_ranks_cdf(&ranks, 250249, L), 1.0, 1e-12,
         "symmetry");
    assert_true(zh_dist_rank_sum(arena, 3, 0, &ranks, NULL) == ZH_EINVAL);
    assert_true(zh_dist_rank_sum(arena, 3, ZH_RANK_SUM_N_MAX + 1, &ranks, NULL) == ZH_ELIMIT);
    assert_true(zh_dist_rank_sum(arena, ZH_RANK_SUM_N_MAX, 2, &ranks, NULL) == ZH_OK);
    zh_arena *tiny = zh_arena_new(1000);
    assert_true(zh_dist_rank_sum(tiny, 50, 50, &ranks, NULL) == ZH_ENOMEM);
    zh_arena_free(tiny);
    zh_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),       cmocka_unit_test(test_published),
        cmocka_unit_test(test_round_trips), cmocka_unit_test(test_masses),
        cmocka_unit_test(test_ends),        cmocka_unit_test(test_rank_sizes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
