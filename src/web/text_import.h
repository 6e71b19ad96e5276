/* Strings of the import pages: ZH_TEXT(ID, Chinese, English), see web/text.h. */
ZH_TEXT(NAV_IMPORT, "导入", "Import")
