/* Data of the intake measurement: a pure function of seed and size.
 *
 *   p1_data DIR ROWS SEED
 *
 * writes DIR/{p1_class,p1_place}.csv (code systems), firms.csv, samples.csv (1 % dirty rows of ten
 * kinds), clean.csv (the same without the dirty rows and without a header, for the peer) and prints
 * the number of clean and dirty rows. All names and codes are invented. */
#include "base/base.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    FIRMS = 100000,
    CLASSES = 50000,
    CITIES = 200,
    COUNTIES = 12,
    DIRTY_EVERY = 100,
    KINDS = 10
};

static uint64_t next(uint64_t *state)
{
    uint64_t z = (*state += 0x9e3779b97f4a7c15u); /* splitmix64, Steele, Lea and Flood 2014 */
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static FILE *open_in(const char *dir, const char *name)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *f = fopen(path, "wb");
    if (f == NULL) {
        perror(path);
        exit(2);
    }
    return f;
}

/* GB 32100-2015 check character over 17 characters. */
static void firm_code(unsigned n, char out[19])
{
    static const char set[] = "0123456789ABCDEFGHJKLMNPQRTUWXY";
    static const int weight[17] = {1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28};
    snprintf(out, 19, "91420100MA%07u", n);
    int sum = 0;
    for (int i = 0; i < 17; i++) {
        sum += (int)(strchr(set, out[i]) - set) * weight[i];
    }
    out[17] = set[(31 - sum % 31) % 31];
    out[18] = '\0';
}

/* GS1 check digit over 12 digits. */
static void gtin(uint64_t n, char out[14])
{
    snprintf(out, 14, "690%09" PRIu64, n % 1000000000u);
    int sum = 0;
    for (int i = 0; i < 12; i++) {
        sum += (out[i] - '0') * (i % 2 ? 3 : 1);
    }
    out[12] = (char)('0' + (10 - sum % 10) % 10);
    out[13] = '\0';
}

static void place_code(unsigned city, unsigned county, char out[7])
{
    snprintf(out, 7, "%02u%02u%02u", 10 + city / 20, 1 + city % 20, county);
}

static void write_codes(const char *dir)
{
    FILE *f = open_in(dir, "p1_class.csv");
    fputs("code,name,en,parent,from,to,aliases,successors\n", f);
    for (int i = 0; i < CLASSES; i++) {
        int large = i / 2500;
        int middle = i / 50;
        if (i % 2500 == 0) {
            fprintf(f, "L%02d,大类%d,,,,,,\n", large, large);
        }
        if (i % 50 == 0) {
            fprintf(f, "M%04d,中类%d,,L%02d,,,,\n", middle, middle, large);
        }
        fprintf(f, "P%05d,产品类%d,,M%04d,,,,\n", i, i, middle);
    }
    fclose(f);
    f = open_in(dir, "p1_place.csv");
    fputs("code,name,en,parent,from,to,aliases,successors\n", f);
    for (unsigned c = 0; c < CITIES; c++) {
        char province[7];
        char city[7];
        char county[7];
        snprintf(province, sizeof province, "%02u0000", 10 + c / 20);
        place_code(c, 0, city);
        if (c % 20 == 0) {
            fprintf(f, "%s,省%u,,,,,,\n", province, c / 20);
        }
        fprintf(f, "%s,市%u,,%s,,,,\n", city, c, province);
        for (unsigned k = 1; k <= COUNTIES; k++) {
            place_code(c, k, county);
            fprintf(f, "%s,县%u之%u,,%s,,,,\n", county, c, k, city);
        }
    }
    fclose(f);
    f = open_in(dir, "firms.csv");
    fputs("统一社会信用代码,名称,地区\n", f);
    for (unsigned i = 0; i < FIRMS; i++) {
        char code[19];
        char place[7];
        firm_code(i, code);
        place_code(i % CITIES, 1 + i % COUNTIES, place);
        fprintf(f, "%s,示例第%u食品有限公司,%s\n", code, i, place);
    }
    fclose(f);
}

typedef struct sample {
    char report[32], org[19], producer[19], class[8], gtin[14], place[7], sampled[16], tested[16];
    char value[24], limit[24];
    const char *product, *basis, *link, *lab, *item, *verdict, *remark;
    uint64_t task, batch, spec;
} sample;

static const char *const products[] = {"酱香型白酒", "纯净饮用水", "糯米糕点", "儿童推车",
                                       "电动自行车", "烟花组合类", "复合肥料", "学生校服"};
static const char *const lab_names[] = {"示例省产品质量监督检验研究院", "示例市食品检验所",
                                        "示例纺织纤维检验中心"};
static const char *const items[] = {"甲醛含量", "菌落总数", "铅（以Pb计）", "标签标识",
                                    "二氧化硫残留量"};
static const char *const remarks[] = {"", "包装完好，样品冷藏运输", "现场封样，双方签字确认",
                                      "网络购样，拆包录像留存"};

static void make(uint64_t i, uint64_t *r, sample *s)
{
    uint64_t v = next(r) % 50000;
    unsigned limit = 20000 + (unsigned)(next(r) % 40) * 1000;
    unsigned day = (unsigned)(next(r) % 28) + 1;
    unsigned month = (unsigned)(next(r) % 12) + 1;
    unsigned year = 2021 + (unsigned)(next(r) % 5);
    snprintf(s->report, sizeof s->report, "BG%010" PRIu64, i);
    firm_code((unsigned)(next(r) % FIRMS), s->org);
    firm_code((unsigned)(next(r) % FIRMS), s->producer);
    snprintf(s->class, sizeof s->class, "P%05u", (unsigned)(next(r) % CLASSES));
    gtin(next(r), s->gtin);
    place_code((unsigned)(next(r) % CITIES), 1 + (unsigned)(next(r) % COUNTIES), s->place);
    snprintf(s->sampled, sizeof s->sampled, "%04u-%02u-%02u", year, month, day);
    snprintf(s->tested, sizeof s->tested, "%04u-%02u-%02u", year, month, day < 20 ? day + 8 : day);
    snprintf(s->value, sizeof s->value, "%" PRIu64 ".%03" PRIu64, v / 1000, v % 1000);
    snprintf(s->limit, sizeof s->limit, "%u.%03u", limit / 1000, limit % 1000);
    s->product = products[next(r) % ZH_COUNTOF(products)];
    s->basis = next(r) % 3 ? "random" : "targeted";
    s->link = next(r) % 2 ? "market" : next(r) % 3 ? "factory" : "online";
    s->lab = lab_names[next(r) % ZH_COUNTOF(lab_names)];
    s->item = items[next(r) % ZH_COUNTOF(items)];
    s->verdict = v > limit ? "fail" : "pass";
    s->remark = remarks[next(r) % ZH_COUNTOF(remarks)];
    s->task = next(r) % 5000;
    s->batch = next(r) % 1000000;
    s->spec = next(r) % 500;
}

static void print(FILE *f, const sample *s)
{
    fprintf(f,
            "%s,RW%04" PRIu64 ",%s,%s,%s,%s,%" PRIu64 "克/袋,%" PRIu64
            ",%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s\n",
            s->report, s->task, s->basis, s->class, s->product, s->gtin, s->spec, s->batch, s->org,
            s->producer, s->place, s->link, s->sampled, s->tested, s->lab, s->item, s->value,
            s->limit, s->verdict, s->remark);
}

static void spoil(sample *s, unsigned kind)
{
    switch (kind) {
    case 0: memcpy(s->class, "P99999", 7); break;            /* no such code */
    case 1: memcpy(s->org, "91420100MA99999990", 19); break; /* wrong check character */
    case 2: snprintf(s->sampled, sizeof s->sampled, "2024-02-31"); break; /* no such day */
    case 3: snprintf(s->value, sizeof s->value, "-1.000"); break;         /* rule negative */
    case 4: snprintf(s->value, sizeof s->value, "1.23456"); break; /* more digits than declared */
    case 5: s->lab = ""; break;                                    /* required */
    case 6: s->gtin[12] = (char)('0' + (s->gtin[12] - '0' + 1) % 10); break; /* check digit */
    case 7: snprintf(s->tested, sizeof s->tested, "2001-01-01"); break;      /* rule order */
    case 8:                                                                  /* rule verdict_fits */
        snprintf(s->value, sizeof s->value, "99.000");
        s->verdict = "pass";
        break;
    default: s->link = "邮购"; break; /* not one of the codes */
    }
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: p1_data DIR ROWS SEED\n");
        return 2;
    }
    uint64_t rows = strtoull(argv[2], NULL, 10);
    uint64_t state = strtoull(argv[3], NULL, 10);
    uint64_t dirty = 0;
    write_codes(argv[1]);
    FILE *all = open_in(argv[1], "samples.csv");
    FILE *clean = open_in(argv[1], "clean.csv");
    fputs("报告编号,任务编号,抽样性质,产品类别,产品名称,条码,规格型号,批号,被抽样单位,标称生产者,"
          "抽样地区,环节,抽样日期,检验日期,检验机构,检验项目,实测值,限值,结论,备注\n",
          all);
    for (uint64_t i = 0; i < rows; i++) {
        sample s = {0};
        make(i, &state, &s);
        if (i % DIRTY_EVERY == DIRTY_EVERY - 1) {
            spoil(&s, (unsigned)(i / DIRTY_EVERY % KINDS));
            dirty++;
            print(all, &s);
        } else {
            print(all, &s);
            print(clean, &s);
        }
    }
    if (fclose(all) != 0 || fclose(clean) != 0) {
        perror("write");
        return 2;
    }
    printf("%" PRIu64 " %" PRIu64 "\n", rows - dirty, dirty);
    return 0;
}
