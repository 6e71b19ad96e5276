/* Strings of the mechanism list: ZH_TEXT(ID, Chinese, English), see web/text.h. */
ZH_TEXT(NAV_SYSTEMS, "机制", "Mechanisms")
