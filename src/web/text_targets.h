/* Strings of the targets page: ZH_TEXT(ID, Chinese, English), see web/text.h. */
ZH_TEXT(NAV_TARGETS, "目标", "Targets")
