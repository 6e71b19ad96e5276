/* Strings of the page of data sources: ZH_TEXT(ID, Chinese, English), see web/text.h. */
ZH_TEXT(NAV_SOURCES, "来源", "Sources")
