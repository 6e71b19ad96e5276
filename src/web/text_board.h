/* Strings of the indicator board and the indicator page: ZH_TEXT(ID, Chinese, English), see
 * web/text.h. */
ZH_TEXT(NAV_BOARD, "指标", "Indicators")
