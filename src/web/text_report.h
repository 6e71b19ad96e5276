/* Strings of the report: ZH_TEXT(ID, Chinese, English), see web/text.h. */
ZH_TEXT(NAV_REPORT, "报告", "Reports")
ZH_TEXT(REPORT_TITLE, "{1} 份报告，最新的截至账本 #{2}",
        "{1} reports, the newest as of ledger #{2}")
ZH_TEXT(REPORT_TITLE_NONE, "还没有生成报告", "No report has been built yet")
ZH_TEXT(
    REPORT_LEDE,
    "报告的每个数字都由库里的记录算出，指向自己的提问、口径、来源与许可；没有数据的地方写明未报。",
    "Every number of a report is computed from records and leads to its question, method, source "
    "and licence; what is missing is said to be missing.")
ZH_TEXT(REPORT_BUILT, "已生成", "Built")
ZH_TEXT(REPORT_NAME, "报告", "Report")
ZH_TEXT(REPORT_READ, "阅读", "Read")
ZH_TEXT(REPORT_PAGES, "页数", "Pages")
ZH_TEXT(REPORT_STAMP, "截至", "As of")
ZH_TEXT(REPORT_MISSING, "写明未报", "Said to be missing")
ZH_TEXT(REPORT_BUILD, "按现在的数据重新生成", "Build again from the present data")
ZH_TEXT(REPORT_BUILD_FIRST, "生成报告", "Build the report")
ZH_TEXT(REPORT_OLD, "账本在报告之后又有 {1} 条记录，报告还是旧的。",
        "The ledger has grown by {1} entries since; the report is of before.")
ZH_TEXT(REPORT_CURRENT, "报告与账本一致：此后没有新的记录。",
        "The report is of the present ledger: nothing has been written since.")
ZH_TEXT(REPORT_HOW, "怎样生成", "How it is made")
ZH_TEXT(
    REPORT_HOW_TEXT,
    "报告的声明写着提问、句子与图表的次序（packs/demo/data/"
    "report.yaml），数值在生成时填入。同样的记录和声明生成同样的文件，每个字节都一样。",
    "The declaration (packs/demo/data/report.yaml) has the questions, sentences and figures; "
    "values are filled in when it is built. The same records and declaration give the same bytes.")
ZH_TEXT(REPORT_EMPTY, "生成一次之后，HTML 与 PDF 列在这里。",
        "Once built, HTML and PDF are listed here.")
ZH_TEXT(REPORT_NO_DIR, "这个服务没有数据目录，不能存放报告",
        "This server has no data directory to keep reports in")
