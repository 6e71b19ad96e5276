/* Strings of the import pages: ZH_TEXT(ID, Chinese, English), see web/text.h. */
ZH_TEXT(NAV_IMPORT, "导入", "Import")
ZH_TEXT(IMPORT_TITLE, "把表格变成记录：先预检，看清楚了再提交",
        "Tables into records: checked first, committed when you have seen it")
ZH_TEXT(IMPORT_LEDE,
        "CSV、TSV、XLSX、JSON、NDJSON，可为 gzip 或 zip。预检读完整个文件，不写入任何数据。",
        "CSV, TSV, XLSX, JSON, NDJSON, also as gzip or zip. The check reads all of the file and "
        "writes nothing.")
ZH_TEXT(IMPORT_STEP_TEMPLATE, "下载模板", "Template")
ZH_TEXT(IMPORT_STEP_TEMPLATE_NOTE, "下拉与说明已备；已有文件可跳过",
        "with drop-downs and help; skip it if you have a file")
ZH_TEXT(IMPORT_STEP_FILE, "给出文件", "File")
ZH_TEXT(IMPORT_STEP_FILE_NOTE, "上传，或从表格里粘贴", "upload, or paste cells")
ZH_TEXT(IMPORT_STEP_CHECK, "预检", "Check")
ZH_TEXT(IMPORT_STEP_CHECK_NOTE, "不写入任何数据", "nothing is written")
ZH_TEXT(IMPORT_STEP_COMMIT, "提交", "Commit")
ZH_TEXT(IMPORT_STEP_COMMIT_NOTE, "写入账本，留痕", "written to the ledger")
ZH_TEXT(IMPORT_FORM, "给出文件", "Give a file")
ZH_TEXT(IMPORT_REGISTER, "登记册", "Register")
ZH_TEXT(IMPORT_REGISTER_FIND, "从文件的表头找", "find it by the file's header")
ZH_TEXT(IMPORT_RECIPE, "配方", "Recipe")
ZH_TEXT(IMPORT_RECIPE_FIND, "按表头找", "by the header")
ZH_TEXT(IMPORT_FILE, "文件", "File")
ZH_TEXT(IMPORT_FILE_HINT, "最多 {1} MB", "at most {1} MB")
ZH_TEXT(IMPORT_PASTE, "或者粘贴单元格", "or paste cells")
ZH_TEXT(IMPORT_PASTE_HINT, "在表格软件里连表头一起选中、复制，贴到这里；选了文件时不看这里",
        "select cells with their heading in a spreadsheet, copy, paste; ignored when a file is "
        "chosen")
ZH_TEXT(IMPORT_REASON, "存疑的行为什么可以收下（可不填）",
        "Why doubtful rows may be accepted (optional)")
ZH_TEXT(IMPORT_GO, "预检", "Check")
ZH_TEXT(IMPORT_TEMPLATES, "模板", "Templates")
ZH_TEXT(IMPORT_TEMPLATES_NOTE,
        "由登记册的声明生成：列名、下拉的代码、每列怎么填、写入时的规则。深色列必填。",
        "Made from the register's declaration: headings, drop-downs of codes, how to fill each "
        "column, the rules. Dark columns are required.")
ZH_TEXT(IMPORT_RECENT, "最近的导入", "Recent imports")
ZH_TEXT(IMPORT_RECENT_ALL, "全部任务", "All jobs")
ZH_TEXT(IMPORT_NOT, "没有收下这个文件", "The file was not taken")
ZH_TEXT(IMPORT_OF, "导入：{1}", "Import: {1}")
ZH_TEXT(IMPORT_OF_UNKNOWN, "导入：还不知道进哪个登记册", "Import: register not known yet")
ZH_TEXT(IMPORT_CHECKING, "正在预检 {1}", "Checking {1}")
ZH_TEXT(IMPORT_QUEUED, "已收下，前面还有任务，轮到就开始", "Taken; it begins when its turn comes")
ZH_TEXT(IMPORT_PROGRESS, "已读 {1} 行，{2}%", "{1} rows read, {2}%")
ZH_TEXT(IMPORT_PROGRESS_ROWS, "已写 {1} 行", "{1} rows written")
ZH_TEXT(IMPORT_WRITING, "已处理 {1} 行，{2}%", "{1} rows done, {2}%")
ZH_TEXT(IMPORT_RECHECK, "提交前再核一遍，{2}%", "Looked through once more before writing, {2}%")
ZH_TEXT(IMPORT_REFRESH, "本页会自己刷新；关掉页面不影响任务。",
        "This page refreshes itself; closing it does not stop the job.")
ZH_TEXT(IMPORT_CANCEL, "取消", "Cancel")
ZH_TEXT(IMPORT_CANCELLING, "正在取消，做完手头一批就停", "Stopping after the batch in hand")
ZH_TEXT(IMPORT_READ_ALL, "{1} 行读完：{2} 行可直接入库", "{1} rows read: {2} can be taken")
ZH_TEXT(IMPORT_READ_SEE, "{1} 行读完：{2} 行可直接入库，{3} 行请看一眼",
        "{1} rows read: {2} can be taken, {3} need a look")
ZH_TEXT(IMPORT_READ_SAME, "{1} 行读完：库里都有了，没有要写的",
        "{1} rows read: all of them are here already")
ZH_TEXT(IMPORT_SIZE, "{1}，{2}，用时 {3} 秒", "{1}, {2}, in {3} s")
ZH_TEXT(IMPORT_N_NEW, "新增", "New")
ZH_TEXT(IMPORT_N_CHANGED, "变更", "Changed")
ZH_TEXT(IMPORT_N_SAME, "与库中已有相同", "Same as stored")
ZH_TEXT(IMPORT_N_DOUBTFUL, "存疑，须说明", "Doubtful")
ZH_TEXT(IMPORT_N_REFUSED, "拒绝", "Refused")
ZH_TEXT(IMPORT_N_SKIPPED, "不是记录，跳过", "Not records, skipped")
ZH_TEXT(IMPORT_N_WRITTEN, "已写入", "Written")
ZH_TEXT(IMPORT_SHARE, "新增 {1}，变更 {2}，相同 {3}，存疑 {4}，拒绝 {5}",
        "new {1}, changed {2}, same {3}, doubtful {4}, refused {5}")
ZH_TEXT(IMPORT_EFFECT, "提交后，指标会怎样", "What committing does to the indicators")
ZH_TEXT(IMPORT_EFFECT_LEDE,
        "由预检算出的单元增减叠在现有汇总上，没有写入；范围：全部地区、全部时间。",
        "Cell changes of the check laid over the present totals, nothing written; all regions, all "
        "time.")
ZH_TEXT(IMPORT_EFFECT_NOW, "现值", "Now")
ZH_TEXT(IMPORT_EFFECT_AFTER, "提交后", "After")
ZH_TEXT(IMPORT_EFFECT_N, "n", "n")
ZH_TEXT(IMPORT_EFFECT_SAME, "不变", "unchanged")
ZH_TEXT(IMPORT_EFFECT_REST, "另有 {1} 个指标不变。", "{1} further indicators stay as they are.")
ZH_TEXT(IMPORT_EFFECT_UNKNOWN, "按记录逐条算，提交后才知道",
        "counted from the records, known after committing")
ZH_TEXT(IMPORT_EFFECT_PARTIAL, "文件涉及的单元太多，提交前算不出对指标的影响。",
        "The file touches too many cells to tell its effects before committing.")
ZH_TEXT(IMPORT_EFFECT_NONE, "没有哪个指标用这个登记册。", "No indicator uses this register.")
ZH_TEXT(IMPORT_EFFECT_SHORT, "对指标的影响", "Effect on indicators")
ZH_TEXT(IMPORT_EFFECT_NOTHING, "没有指标变动", "no indicator moves")
ZH_TEXT(IMPORT_SEE, "请看这几类", "Please look at these")
ZH_TEXT(IMPORT_SEE_ROWS, "有问题的行", "Rows with problems")
ZH_TEXT(IMPORT_SEE_NONE, "没有发现问题", "No problems were found")
ZH_TEXT(IMPORT_BY_KIND, "按问题", "By problem")
ZH_TEXT(IMPORT_BY_ROW, "按行", "By row")
ZH_TEXT(IMPORT_COL_LEVEL, "级别", "Level")
ZH_TEXT(IMPORT_COL_COUNT, "处", "Count")
ZH_TEXT(IMPORT_COL_COLUMN, "列", "Column")
ZH_TEXT(IMPORT_COL_VALUE, "原值（第一处）", "Value (first)")
ZH_TEXT(IMPORT_COL_PROBLEM, "问题与规则", "Problem and rule")
ZH_TEXT(IMPORT_COL_FIX, "最快的办法", "Quickest fix")
ZH_TEXT(IMPORT_COL_ROW, "行", "Row")
ZH_TEXT(IMPORT_WHOLE_ROW, "全行", "whole row")
ZH_TEXT(IMPORT_LEVEL_R, "拒绝", "Refused")
ZH_TEXT(IMPORT_LEVEL_D, "存疑", "Doubtful")
ZH_TEXT(IMPORT_LEVEL_H, "提示", "Hint")
ZH_TEXT(IMPORT_ROWS_OF_RULE, "逐行看", "see rows")
ZH_TEXT(IMPORT_FIX_REFUSED, "改正后再上传这些行", "Correct these rows and send them again")
ZH_TEXT(IMPORT_FIX_DOUBTFUL, "核对；无误就写明理由后收下", "Look again; if it is right, say why")
ZH_TEXT(IMPORT_FIX_HINT, "无须处理", "nothing needs doing")
ZH_TEXT(IMPORT_TOTAL, "问题共 {1} 处，{2} 类", "{1} problems of {2} kinds")
ZH_TEXT(IMPORT_KEPT, "只列前 {1} 处，全部在表里", "the first {1} are listed, all are in the table")
ZH_TEXT(IMPORT_NEXT, "后面 {1} 行", "next {1} rows")
ZH_TEXT(IMPORT_DOWN_ROWS, "下载带「错误」列的表", "Rows with an error column")
ZH_TEXT(IMPORT_DOWN_ERRORS, "全部问题（CSV）", "All problems (CSV)")
ZH_TEXT(IMPORT_MAPPED, "列对上了 {1}／{2}", "{1} of {2} columns matched")
ZH_TEXT(IMPORT_MAP_MORE, "等 {1} 个字段", "and {1} fields in all")
ZH_TEXT(IMPORT_MAP_OTHER, "用来判别行", "tells rows apart")
ZH_TEXT(IMPORT_MAP_NONE, "没有用到", "not used")
ZH_TEXT(IMPORT_MAP_ALL, "看全部 {1} 列", "all {1} columns")
ZH_TEXT(IMPORT_HOW, "怎样认出来的", "How it was recognised")
ZH_TEXT(IMPORT_HOW_OWN, "表头与登记册自己的列名一致，不用配方。",
        "The header has the register's own names; no recipe is needed.")
ZH_TEXT(IMPORT_HOW_RECIPE, "按配方“{1}”的版式“{2}”，因为表头里有：{3}。",
        "By recipe “{1}”, layout “{2}”, because the header has: {3}.")
ZH_TEXT(IMPORT_HOW_HEADLESS, "按配方“{1}”的版式“{2}”：没有表头，列数正好。",
        "By recipe “{1}”, layout “{2}”: no header, and just as many columns.")
ZH_TEXT(IMPORT_HOW_FILE, "文件", "File")
ZH_TEXT(IMPORT_HOW_FORMAT, "格式", "Format")
ZH_TEXT(IMPORT_HOW_SHEETS, "工作表", "Sheets")
ZH_TEXT(IMPORT_HOW_DIGEST, "摘要", "Digest")
ZH_TEXT(IMPORT_AGAIN, "换登记册或配方再预检", "Check with another register or recipe")
ZH_TEXT(IMPORT_AGAIN_GO, "再预检一次", "Check again")
ZH_TEXT(IMPORT_STALE, "预检之后账本又有 {1} 条，提交时会再核一遍。",
        "The ledger has grown by {1} since the check; committing looks again.")
ZH_TEXT(IMPORT_COMMIT_NOTE,
        "提交后写入账本：以后可以更正，不能抹去。没有问题的行与有问题的行分开。",
        "Committing writes to the ledger: it can be corrected later, never erased.")
ZH_TEXT(IMPORT_COMMIT_CLEAN, "只提交无误的 {1} 行", "Commit the {1} clean rows")
ZH_TEXT(IMPORT_COMMIT_ALL, "提交全部 {1} 行", "Commit all {1} rows")
ZH_TEXT(IMPORT_COMMIT_JUSTIFIED, "带说明提交", "Commit with this reason")
ZH_TEXT(IMPORT_CHECK_JUSTIFIED, "带说明再预检", "Check with this reason")
ZH_TEXT(IMPORT_COMMIT_NONE, "放弃", "Discard")
ZH_TEXT(IMPORT_WHY_BLOCKED, "有 {1} 行被拒绝，不能全部提交", "{1} refused rows stand in the way")
ZH_TEXT(IMPORT_WHY_DOUBT, "有 {1} 行存疑，写明理由才能全部提交",
        "{1} doubtful rows need a reason first")
ZH_TEXT(IMPORT_WHY_NOTHING, "没有要写的行", "there is nothing to write")
ZH_TEXT(IMPORT_REASON_LABEL, "{1} 行存疑：为什么可以收下", "{1} doubtful rows: why they may stand")
ZH_TEXT(IMPORT_ORDERED, "已经下令提交：", "A commit has been ordered: ")
ZH_TEXT(IMPORT_ORDERED_SEE, "看提交结果", "see its result")
ZH_TEXT(IMPORT_DISCARDED, "文件已放弃，没有写入任何数据",
        "The file is discarded; nothing was written")
ZH_TEXT(IMPORT_GONE, "文件已不在服务器上，要提交请再上传一次。",
        "The file is no longer here; send it again to commit it.")
ZH_TEXT(IMPORT_FAILED, "预检没有做成", "The check did not succeed")
ZH_TEXT(IMPORT_FAILED_IMPORT, "提交没有做成，没有写入任何数据",
        "The commit did not succeed; nothing was written")
ZH_TEXT(IMPORT_STALLED, "提交停在第 {1} 行，前面写入的都在",
        "The commit stopped at row {1}; what "
        "was written stays")
ZH_TEXT(IMPORT_ELSEWHERE,
        "这个任务是从命令行下的，文件不在服务器上。用 zhiheng job resume {1} 文件 "
        "接着做，或在这里上传同一个文件再提交，会从中断处接着写。",
        "This job came from the command line and its file is not here. Go on with zhiheng job "
        "resume {1} FILE, or send the same file here and commit it.")
ZH_TEXT(IMPORT_RESUME, "接着做", "Go on")
ZH_TEXT(IMPORT_CANCELLED, "已取消", "Cancelled")
ZH_TEXT(IMPORT_CANCELLED_CHECK, "预检已取消，没有写入任何数据",
        "The check was cancelled; nothing was written")
ZH_TEXT(IMPORT_CANCELLED_IMPORT, "提交已取消：取消前已写入 {1} 条，它们还在",
        "The commit was cancelled: {1} records had been written and stay")
ZH_TEXT(IMPORT_COMMITTING, "正在提交到“{1}”", "Committing to “{1}”")
ZH_TEXT(IMPORT_DONE, "已写入 {1} 条记录", "{1} records were written")
ZH_TEXT(IMPORT_DONE_NOTHING, "没有要写的：库里都有了", "Nothing to write: all of it was here")
ZH_TEXT(IMPORT_ALREADY, "这个文件以前已经导入过，没有再写",
        "This file was taken before; nothing was "
        "written again")
ZH_TEXT(IMPORT_DONE_RECORDS, "看写入的记录", "See the records written")
ZH_TEXT(IMPORT_DONE_REGISTER, "看登记册", "See the register")
ZH_TEXT(IMPORT_DONE_POSITIONS, "账本位置", "Ledger positions")
ZH_TEXT(IMPORT_DONE_RANGE, "#{1} 至 #{2}", "#{1} to #{2}")
ZH_TEXT(IMPORT_DONE_CHECK, "预检", "Check")
ZH_TEXT(IMPORT_DONE_MODE, "方式", "Mode")
ZH_TEXT(IMPORT_MODE_ALL, "全部", "all rows")
ZH_TEXT(IMPORT_MODE_CLEAN, "只提交无误的", "clean rows only")
ZH_TEXT(IMPORT_DONE_REASON, "存疑行的说明", "Reason given")
ZH_TEXT(IMPORT_DONE_TIMES, "起止", "From, to")
ZH_TEXT(IMPORT_MORE, "再导入一个文件", "Import another file")
ZH_TEXT(IMPORT_JOB_UNKNOWN, "任务号不对", "Not a job number")
ZH_TEXT(JOBS_TITLE, "任务", "Jobs")
ZH_TEXT(JOBS_TITLE_RUNNING, "任务：{1} 个正在做", "Jobs: {1} under way")
ZH_TEXT(JOBS_LEDE, "预检、导入和后台的长任务，新的在前。",
        "Checks, imports and other long work, newest first.")
ZH_TEXT(JOBS_EMPTY, "还没有任务", "No jobs yet")
ZH_TEXT(JOBS_EMPTY_TEXT, "导入一个文件，这里就有了。", "Import a file and it appears here.")
ZH_TEXT(JOBS_COL_WHAT, "做什么", "What")
ZH_TEXT(JOBS_COL_STATE, "状态", "State")
ZH_TEXT(JOBS_COL_RESULT, "结果", "Result")
ZH_TEXT(JOBS_COL_FILE, "文件", "File")
ZH_TEXT(JOBS_COL_AT, "更新于", "Updated")
ZH_TEXT(JOBS_KIND_CHECK, "预检", "Check")
ZH_TEXT(JOBS_KIND_IMPORT, "导入", "Import")
ZH_TEXT(JOBS_QUEUED, "等待", "Waiting")
ZH_TEXT(JOBS_RUNNING, "进行中", "Running")
ZH_TEXT(JOBS_CANCELLING, "正在取消", "Stopping")
ZH_TEXT(JOBS_DONE, "完成", "Done")
ZH_TEXT(JOBS_FAILED, "没有做成", "Failed")
ZH_TEXT(JOBS_CANCELLED, "已取消", "Cancelled")
ZH_TEXT(JOBS_COUNTS, "{1} 行：新 {2}，同 {3}，变 {4}，存疑 {5}，拒绝 {6}",
        "{1} rows: {2} new, {3} same, {4} changed, {5} doubtful, {6} refused")
