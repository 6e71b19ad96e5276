/* Strings of the report: ZH_TEXT(ID, Chinese, English), see web/text.h. */
ZH_TEXT(NAV_REPORT, "报告", "Reports")
