/* Strings of the signal pages: ZH_TEXT(ID, Chinese, English), see web/text.h. */
ZH_TEXT(NAV_SIGNALS, "风险信号", "Signals")
