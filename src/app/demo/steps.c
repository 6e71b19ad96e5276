/* The steps of the demo, in order, one line each. */
#include "app/demo/demo.h"
#include "app/report/report.h"
#include "app/signal/judge.h"
#include "core/cube/cube.h"
#include "core/read/read.h"
#include "core/record/record.h"

static zh_rc due(zh_ctx *ctx, int64_t *done)
{
    size_t written = 0;
    zh_rc rc = zh_due_run(ctx->core, zh_now(), &written, ctx->err);
    *done = (int64_t)written;
    return rc;
}

/* What the detectors find, as signals with their tasks. */
static zh_rc signals(zh_ctx *ctx, int64_t *done)
{
    zh_rc rc = ZH_OK;
    for (size_t i = 0; i < ctx->model->ndetectors && rc == ZH_OK; i++) {
        zh_signal_run run;
        rc = zh_signals_run(ctx, &ctx->model->detectors[i], &run);
        if (rc == ZH_OK) {
            *done += (int64_t)(run.created + run.amended + run.revived + run.lapsed + run.opened +
                               run.withdrawn);
        }
    }
    return rc;
}

/* Positions for what was written, then the roll-ups up to there. */
static zh_rc settle(zh_ctx *ctx, int64_t *done)
{
    zh_rc rc = zh_sequence(ctx->core, done, ctx->err);
    return rc == ZH_OK ? zh_rollup_fold(ctx->core, ctx->err) : rc;
}

/* DATA/report: HTML and PDF in both languages. *done = pages. */
static zh_rc write_report(zh_ctx *ctx, int64_t *done)
{
    const char *data = zh_core_data_dir(ctx->core);
    zh_report written = {.pages = 0};
    if (data == NULL) {
        return ZH_OK;
    }
    zh_report_options options = {.out = zh_str_fmt(ctx->arena, "%s/report", data).p,
                                 .as_of = ZH_AS_OF_NOW};
    zh_rc rc = zh_report_build(ctx, &options, &written);
    *done = written.pages;
    options.english = true;
    rc = rc == ZH_OK ? zh_report_build(ctx, &options, &written) : rc;
    *done += rc == ZH_OK ? written.pages : 0;
    return rc;
}

static const char report[] = "report";
static const char bench[] = "bench";

/* tour, id, label, set, files, register, work */
const zh_demo_step zh_demo_steps[] = {
    {report, "divisions", "行政区划", "cn-admin-divisions", "provinces|cities|areas|streets",
     "division_entry", NULL, false},
    {report, "map", "地图单元", "cn-geo-hubei-hunan-anhui", "34_|42_|43_", "map_unit", NULL, false},
    {report, "industries", "行业分类", "cn-industry-codes", "gbt4754|行业小类", "industry_entry",
     NULL, false},
    {report, "organisations", "主体代码", "cn-uscc", "uscc", "org_code", NULL, false},
    {report, "sampling", "食品抽检分类数", "cn-samr-food-summary", "samr_|hubei_",
     "food_class_sampling", NULL, false},
    {report, "sampling_totals", "食品抽检总数", "cn-samr-food-summary", "published_totals",
     "food_total_sampling", NULL, false},
    {report, "failures", "食品不合格批次", "cn-food-noncompliance", "food_noncompliance",
     "food_failure", NULL, false},
    {report, "measured", "不合格实测值", "cn-food-failures-foodmate", "jjy",
     "food_failure_measured", NULL, false},
    {report, "rasff", "欧盟预警通报", "eu-rasff", "rasff_", "rasff_notification", NULL, false},
    {report, "water", "地表水断面", "cn-surface-water-cnemc", "cnemc_realtime", "water_station_obs",
     NULL, false},
    {report, "pm25", "城市 PM2.5", "cn-pm25-city-daily", "pm25_daily", "air_city_day", NULL, false},

    {bench, "chicago", "芝加哥检查", "us-chicago-inspections", "inspections", "chicago_inspection",
     NULL, false},
    {bench, "nyc311", "纽约 311 请求", "us-nyc-311", "nyc311", "nyc311_request", NULL, false},
    {bench, "sandy", "桑迪飓风来电", "us-nyc-sandy-311-daily", "sandy", "sandy_daily", NULL, false},
    {bench, "caers", "补充剂不良事件", "us-fda-caers-2012", "caers", "caers_report", NULL, false},
    {bench, "neiss", "烟花伤害病例", "us-neiss-fireworks", "neiss", "neiss_injury", NULL, false},
    {bench, "recalls", "美国召回公告", "us-recalls", "cpsc_|fda_|nhtsa_|usda_", "recall_notice",
     NULL, false},

    {report, "class_map", "食品类别对照", "food-class-map", "food_class_map", "food_class_map",
     NULL, false},
    {NULL, "positions", "账本定序", NULL, NULL, NULL, settle, true},
    {NULL, "signals", "占比异常信号", NULL, NULL, NULL, signals, true},
    {NULL, "due", "到期事件", NULL, NULL, NULL, due, true},
    {NULL, "settle", "账本定序与汇总", NULL, NULL, NULL, settle, true},
    {report, "report", "报告", NULL, NULL, NULL, write_report, false},
};

const size_t zh_demo_steps_n = ZH_COUNTOF(zh_demo_steps);
