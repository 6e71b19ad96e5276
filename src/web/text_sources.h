/* Strings of the page of data sources: Chinese and English, see
 * web/text.h. */
ZH_TEXT(NAV_SOURCES, "来源", "Sources")
ZH_TEXT(SOURCES_TITLE, "{1} 个数据集，{2} 个文件，{3} 行入库",
        "{1} data sets, {2} files, {3} rows taken in")
ZH_TEXT(SOURCES_TITLE_NONE, "还没有导入过文件", "No file was imported yet")
ZH_TEXT(SOURCES_LEDE, "每一行都从一份可核对的文件来；文件以摘要保存，许可写在旁边",
        "Every row came from a file that can be checked; files are kept by digest, with their "
        "licence beside")
ZH_TEXT(SOURCES_EMPTY, "导入一份文件，这里写明它从哪里来、按什么许可、入了哪本登记册",
        "Import a file, and its origin, licence and register stand here")
ZH_TEXT(SOURCES_SETS, "数据集", "Data sets")
ZH_TEXT(SOURCES_FILES, "文件", "Files")
ZH_TEXT(SOURCES_FILES_NOTE, "最近 {1} 次导入，新的在上", "The last {1} imports, newest first")
ZH_TEXT(SOURCES_SET, "数据集", "Data set")
ZH_TEXT(SOURCES_ORIGIN, "从哪里来", "Origin")
ZH_TEXT(SOURCES_LICENCE, "许可", "Licence")
ZH_TEXT(SOURCES_NOT_STATED, "未注明", "not stated")
ZH_TEXT(SOURCES_HAND, "没有配方，按登记册表头", "no recipe: the register's own header")
ZH_TEXT(SOURCES_FILE, "文件摘要", "Digest of the file")
ZH_TEXT(SOURCES_ROWS, "行", "Rows")
ZH_TEXT(SOURCES_NEW, "新增", "New")
ZH_TEXT(SOURCES_CHANGED, "更正", "Amended")
ZH_TEXT(SOURCES_SAME, "相同", "Same")
ZH_TEXT(SOURCES_REFUSED, "拒绝", "Refused")
ZH_TEXT(SOURCES_WHEN, "时间", "When")
ZH_TEXT(SOURCES_STATE, "状态", "State")
ZH_TEXT(SOURCES_STATE_DONE, "完成", "done")
ZH_TEXT(SOURCES_STATE_RUNNING, "进行中", "running")
ZH_TEXT(SOURCES_STATE_QUEUED, "排队", "queued")
ZH_TEXT(SOURCES_STATE_FAILED, "失败", "failed")
ZH_TEXT(SOURCES_STATE_CANCELLED, "已取消", "cancelled")
ZH_TEXT(SOURCES_PACKS, "随程序的代码与文件", "Codes and documents that come with the program")
ZH_TEXT(SOURCES_PACKS_NOTE, "行政区划、行业、食品类别、检验项目、纲要原文等，来源与许可如下",
        "Divisions, industries, food classes, test items, outlines: sources and terms")
