/* Strings of the maps: ZH_TEXT(ID, Chinese, English), see web/text.h. */
ZH_TEXT(NAV_MAP, "地图", "Maps")
