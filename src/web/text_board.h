/* Strings of the indicator board and the indicator page: Chinese and English, see
 * web/text.h. */
ZH_TEXT(NAV_BOARD, "指标", "Indicators")
ZH_TEXT(BOARD_TITLE, "{1}：{2} 项指标，{3} 项有数", "{1}: {2} indicators, {3} with data")
ZH_TEXT(BOARD_TITLE_ACT, "{1}：{2} 项指标，{3} 项有数，{4} 项未达纲要目标",
        "{1}: {2} indicators, {3} with data, {4} short of a target")
ZH_TEXT(BOARD_TITLE_CHANGE, "{1}：{2} 项指标，{3} 项有数，{4} 项比上一年变了",
        "{1}: {2} indicators, {3} with data, {4} changed on the year before")
ZH_TEXT(BOARD_LEDE, "每个数都是链接：点开看定义、分子分母和背后的记录",
        "Every number is a link to its definition and the records behind it")
ZH_TEXT(BOARD_ASK_SHOW, "看", "Show")
ZH_TEXT(BOARD_ASK_OF, "的指标，目标取自", "the indicators, with targets of")
ZH_TEXT(BOARD_PERIOD_LATEST, "最近一年", "the latest year")
ZH_TEXT(BOARD_PERIOD_YEAR, "{1} 年", "{1}")
ZH_TEXT(BOARD_OUTLINE_ALL, "全部纲要", "all outlines")
ZH_TEXT(BOARD_OUTLINE, "纲要", "Outline")
ZH_TEXT(BOARD_CHANGES, "比上一年，区间不重叠的变化",
        "Changes on the year before whose intervals do not overlap")
ZH_TEXT(BOARD_WAS, "{1}为 {2}", "{2} in {1}")
ZH_TEXT(BOARD_TABLE, "有数的指标 {1} 项", "{1} indicators with data")
ZH_TEXT(BOARD_READ,
        "浅色段为 95% 区间，短竖为现值，空心圈为上一年，三角为目标；从 0 "
        "起，同一登记册同一单位用一个刻度",
        "Tint: 95% interval; post: value; ring: year before; triangle: target. From 0, one scale "
        "per register and unit")
ZH_TEXT(BOARD_MISSING, "缺什么", "What is missing")
ZH_TEXT(BOARD_MISSING_WHY, "没有数的指标 {1} 项。没有就写没有，不记 0",
        "{1} indicators have no data; nothing is written as 0")
ZH_TEXT(BOARD_NONE_REGISTER, "登记册还没有记录", "the register is empty")
ZH_TEXT(BOARD_NONE_SCOPE, "这个地区或时期没有记录", "no record in this region or period")
ZH_TEXT(BOARD_NONE_REGION, "记录没有地区，去掉地区可看",
        "its records have no region: ask without one")
ZH_TEXT(BOARD_NONE_DEN, "没有分母", "no denominator")
ZH_TEXT(BOARD_NONE_DATE, "存量指标，选一年可看", "a stock: choose a year")
ZH_TEXT(BOARD_IMPORT, "去导入", "import")
ZH_TEXT(BOARD_UNASKED, "去掉条件", "drop the conditions")
ZH_TEXT(BOARD_EMPTY, "还没有数据", "No data yet")
ZH_TEXT(BOARD_EMPTY_TEXT, "登记册都是空的。导入一份文件，这里就有数",
        "All registers are empty. Import a file and numbers appear here")
ZH_TEXT(COL_INDICATOR, "指标", "Indicator")
ZH_TEXT(COL_SCOPE, "范围", "Scope")
ZH_TEXT(COL_VALUE, "现值", "Value")
ZH_TEXT(COL_INTERVAL, "区间", "Interval")
ZH_TEXT(COL_CHANGE, "比上一年", "On the year")
ZH_TEXT(COL_N, "n", "n")
ZH_TEXT(COL_BEAM, "衡杆", "Beam")
ZH_TEXT(COL_SPARK, "逐年", "By year")
ZH_TEXT(COL_TARGET, "目标", "Target")
ZH_TEXT(COL_VERDICT, "判断", "Verdict")
ZH_TEXT(COL_NUM, "分子", "Numerator")
ZH_TEXT(COL_DEN, "分母", "Denominator")
ZH_TEXT(COL_WHY, "为什么", "Why")
ZH_TEXT(COL_REGISTER, "登记册", "Register")
ZH_TEXT(VERDICT_MET, "已达", "met")
ZH_TEXT(VERDICT_ON_TRACK, "在轨", "on track")
ZH_TEXT(VERDICT_BEHIND, "落后于进度", "behind")
ZH_TEXT(VERDICT_MISSED, "未达", "missed")
ZH_TEXT(VERDICT_UNCERTAIN, "区间含目标，不能判断", "undecided")
ZH_TEXT(VERDICT_BASIS, "口径不同", "other basis")
ZH_TEXT(VERDICT_EVIDENCE, "待证据", "needs evidence")
ZH_TEXT(VERDICT_NO_DATA, "规划期内没有数据", "no data in the plan's period")
ZH_TEXT(IND_TITLE, "{1}，{2}：{3}", "{1}, {2}: {3}")
ZH_TEXT(IND_TITLE_NONE, "{1}：{2}没有数据", "{1}: no data for {2}")
ZH_TEXT(IND_ABOVE, "指标总览", "Indicator board")
ZH_TEXT(IND_ASK_OF, "的{1}，分开看", "{1}, broken down by")
ZH_TEXT(IND_ALL_TIME, "全部时期", "all time")
ZH_TEXT(IND_BY, "分开看", "Break-down")
ZH_TEXT(IND_VALUE, "这个数", "The number")
ZH_TEXT(IND_NUM, "分子", "Numerator")
ZH_TEXT(IND_DEN, "分母", "Denominator")
ZH_TEXT(IND_BEHIND, "背后的记录", "Records behind it")
ZH_TEXT(IND_METHOD, "区间方法", "Method")
ZH_TEXT(IND_DEFINITION, "怎么算", "How it is counted")
ZH_TEXT(IND_IN_WORDS, "定义", "In words")
ZH_TEXT(IND_FORMULA, "算式", "Expression")
ZH_TEXT(IND_SOURCE, "来源", "Sources")
ZH_TEXT(IND_FRESH, "最新数据", "Newest data")
ZH_TEXT(IND_CUBE, "取自", "Answered from")
ZH_TEXT(IND_FROM_CUBE, "汇总 {1}", "roll-up {1}")
ZH_TEXT(IND_FROM_RECORDS, "逐条计数", "the records")
ZH_TEXT(IND_MODEL, "声明摘要", "Declarations")
ZH_TEXT(IND_SYSTEMS, "机制", "Mechanisms")
ZH_TEXT(IND_RECOUNT, "复算", "Recount")
ZH_TEXT(IND_RECOUNT_TITLE, "复算：差 {1}", "Recount: difference {1}")
ZH_TEXT(IND_RECOUNT_LEDE, "{1}。从记录逐条重新计数，与汇总相比",
        "{1}. Counted again from the records and compared with the roll-up")
ZH_TEXT(IND_RECOUNT_SAME, "相同：差 0", "the same: difference 0")
ZH_TEXT(IND_RECOUNT_DIFF, "不同：请运行 zhiheng verify", "different: run zhiheng verify")
ZH_TEXT(IND_RECOUNT_ROLLUP, "汇总", "Roll-up")
ZH_TEXT(IND_RECOUNT_RECORDS, "逐条", "Records")
ZH_TEXT(IND_RECOUNT_TIME, "用时", "Time")
ZH_TEXT(IND_DIFFERENCE, "差", "Difference")
ZH_TEXT(IND_REVISIONS, "修订史", "Revisions")
ZH_TEXT(IND_REVISIONS_TITLE, "{1} 的修订史：{2} 个不同的值",
        "Revisions of {1}: {2} different values")
ZH_TEXT(IND_REVISIONS_LEDE, "{1}。每次导入完成时按当时账本重算的值",
        "{1}. The value by the ledger as it stood after each import")
ZH_TEXT(IND_POSITION, "账本", "Ledger")
ZH_TEXT(IND_AT, "时间", "Time")
ZH_TEXT(IND_CAUSE, "当时完成的导入", "Import finished then")
ZH_TEXT(IND_NO_REVISION, "没有导入过这个登记册", "This register was never imported into")
ZH_TEXT(IND_BY_YEAR, "按年", "by year")
ZH_TEXT(IND_BY_HALF, "按半年", "by half-year")
ZH_TEXT(IND_BY_QUARTER, "按季", "by quarter")
ZH_TEXT(IND_BY_MONTH, "按月", "by month")
ZH_TEXT(IND_BY_DIM, "按{1}", "by {1}")
ZH_TEXT(IND_BREAKDOWN, "{1}分开看，{2} 项", "{1}, {2} rows")
ZH_TEXT(IND_SPREAD, "{1}分开看，从{2}的 {3} 到{4}的 {5}", "{1}: from {3} ({2}) to {5} ({4})")
ZH_TEXT(IND_READ,
        "浅色段为区间，短竖为值，虚线为合计。区间重叠者不分先后；n 少于下限的画成空心，不排名",
        "Tint: interval; post: value; dashes: all together. Overlapping intervals are ties; too "
        "few: hollow, unranked")
ZH_TEXT(IND_READ_TIME,
        "横段长为时期，色带高为区间。各期之间不连线；没有数的时期画斜线，不记 0",
        "Length: the period; tint: the interval. Periods are not joined; hatch: no data, never 0")
ZH_TEXT(IND_READ_COLUMNS, "柱从 0 起。没有记录的时期画斜线，不记 0；件数多少也随登记多少而变",
        "Columns from 0; hatch: no record, never 0. Counts also follow how much is recorded")
ZH_TEXT(IND_READ_PARETO, "按多少排列，右列为累计占比；其余合为一行。只是内部构成，不是发生率",
        "Most first; cumulative share at the right, the others in one row. A composition, no rate")
ZH_TEXT(IND_READ_SLOPE, "每线一个地区，写出后一年最高和最低的；只有一年的画成点，样本不足的不画",
        "A line for each place, highest and lowest of the later year by name; a point: one year "
        "only; too few are left out")
ZH_TEXT(IND_NEWEST, "{1} {2}，样本不足", "{1}: {2}, too few")
ZH_TEXT(IND_NEWEST_MOST, "{1}最高，{2}", "{1} is highest, {2}")
ZH_TEXT(IND_NEWEST_AND_MOST, "{1} {2}，最高的是 {3}，{4}", "{1}: {2}; highest {3}: {4}")
ZH_TEXT(IND_TWO_YEARS, "{1} 个地区比 {2}：{3} 个降，{4} 个升",
        "{1} places against {2}: {3} lower, {4} higher")
ZH_TEXT(IND_OF_N, "，n = {1}", ", n = {1}")
ZH_TEXT(IND_TOGETHER, "合计 {1}", "all {1}")
ZH_TEXT(IND_NUM_DEN, "分子／分母", "num／den")
ZH_TEXT(IND_REST, "其余 {1} 项", "other {1}")
ZH_TEXT(IND_CUMULATIVE, "累计", "cumulative")
ZH_TEXT(IND_MORE_ROWS, "只列前 {1} 项，共 {2} 项；全部见 CSV、XLSX", "first {1} of {2}; all in the files")
ZH_TEXT(IND_NO_VALUE_KEY, "（无值）", "(none)")
ZH_TEXT(IND_EMPTY, "这里没有数据", "No data here")
ZH_TEXT(IND_EMPTY_TEXT, "这个地区和时期没有记录，不等于 0。",
        "No record in this region and period; that is not 0.")
ZH_TEXT(IND_EMPTY_LINK, "看全部地区、全部时期", "everywhere, of all time")
