/* Strings of register and record pages: ZH_TEXT(ID, Chinese, English), see web/text.h. */
ZH_TEXT(NAV_REGISTERS, "登记册", "Registers")
