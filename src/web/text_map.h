/* Strings of the maps: ZH_TEXT(ID, Chinese, English), see web/text.h. */
ZH_TEXT(NAV_MAP, "地图", "Maps")
ZH_TEXT(MAP_TITLE, "{1} 个有数的市州中，{2} {3} 最高；{4} 个未报",
        "{1} prefectures have data, {2} highest with {3}; {4} have none")
ZH_TEXT(MAP_TITLE_ALL, "{1} 个市州中，{2} {3} 最高", "Of {1} prefectures {2} is highest with {3}")
ZH_TEXT(MAP_TITLE_NONE, "{1}：鄂湘皖市州没有数据",
        "{1}: no data for the prefectures of Hubei, Hunan and Anhui")
ZH_TEXT(MAP_ASK_SHOW, "看湖北、湖南、安徽", "Show Hubei, Hunan and Anhui")
ZH_TEXT(MAP_ASK_OF, "的", ":")
ZH_TEXT(MAP_ASK_BY, "，按", ", as")
ZH_TEXT(MAP_L_INDICATOR, "指标", "Indicator")
ZH_TEXT(MAP_L_PERIOD, "期间", "Period")
ZH_TEXT(MAP_L_VIEW, "图", "View")
ZH_TEXT(MAP_TILES, "等面积格网", "equal-area tiles")
ZH_TEXT(MAP_AREAS, "行政区", "areas")
ZH_TEXT(MAP_ALL_TIME, "全部时期", "all time")
ZH_TEXT(MAP_WHAT, "{1}，{2}{3}", "{1}, {2}{3}")
ZH_TEXT(MAP_WHAT_TILES, "。每格一市州，大小相同；位置近似",
        ". One square a prefecture, of equal size; position approximate")
ZH_TEXT(MAP_WHAT_AREAS, "。示意图，边界没有审图号", ". Sketch map; borders without approval number")
ZH_TEXT(MAP_READ_TILES, "斜线为未报，不是 0，也不是低。点一格看这个市州的指标。",
        "Hatched: not reported; neither 0 nor low. Choose a square for the prefecture's indicator.")
ZH_TEXT(MAP_READ_AREAS,
        "示意图：边界为 2018 "
        "年前后，没有审图号，不能作为行政区域界线的依据，不对外发布。面积大不等于数值大。",
        "Sketch map: borders of about 2018 without approval number, no evidence of boundaries, not "
        "for publication. A large area is not a large value.")
ZH_TEXT(MAP_N, "n = {1}／{2} 市州，{3} 条记录", "n = {1}/{2} prefectures, {3} records")
ZH_TEXT(MAP_TABLE, "有数的 {1} 个市州", "{1} prefectures with data")
ZH_TEXT(MAP_TABLE_READ, "名次只在区间不重叠时有意义。",
        "Ranks mean something only where intervals do not overlap.")
ZH_TEXT(MAP_RANK, "次序", "Rank")
ZH_TEXT(MAP_PLACE, "市州", "Prefecture")
ZH_TEXT(MAP_VALUE, "数值", "Value")
ZH_TEXT(MAP_INTERVAL, "95% 区间", "95 % interval")
ZH_TEXT(MAP_RECORDS, "n", "n")
ZH_TEXT(MAP_NOT_REPORTED, "未报的 {1} 个：", "{1} not reported: ")
ZH_TEXT(MAP_EMPTY, "这个指标在这一期间没有鄂湘皖市州的记录。换一个期间或指标。",
        "There are no records of these prefectures for this indicator and period. Choose another.")
ZH_TEXT(MAP_SEP, "、", ", ")
