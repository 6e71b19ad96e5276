/* Every event id that may be logged, with what it says. The checker of sources holds the first
 * argument of each zh_log call against this list; documentation is made from it. */
#ifndef ZH_BASE_LOG_EVENTS_H
#define ZH_BASE_LOG_EVENTS_H

/* X(id, meaning) */
#define ZH_LOG_EVENTS(X)                                                                           \
    X("panic", "断言失败，进程终止（由 zh_panic 直接写出）")                                       \
    X("store.open", "打开或迁移数据库")                                                            \
    X("store.slow", "语句或事务超过时限")                                                          \
    X("store.notice", "数据库服务的提示（不含数值）")                                              \
    X("store.reconnect", "池中的数据库连接已断，重新连接")                                         \
    X("due.refused", "到期事件的版本被拒绝，等记录变化后再试")                                     \
    X("obligation.calendar", "日历没有覆盖到最迟日，这一期的应报事项没有生成")                     \
    X("judgement.refused", "一条评定规则没有跑成，其余照跑")                                       \
    X("judgement.effect", "评定的后果被登记册的规则拒绝，评定结果仍在")                            \
    X("file.sweep", "删除个人信息后清除无人引用的文件失败，下次再试")                              \
    X("erase.vacuum", "删除个人信息后清理 PostgreSQL 的旧行版本失败，下次再试")                    \
    X("job.lease", "任务租约的取得、丢失或过期")                                                   \
    X("import.batch", "导入批次的进度与结果")                                                      \
    X("import.job", "浏览器里的预检或导入没有做成，或没有记下结果")                                \
    X("background.step", "后台的定序、到期或汇总没有做成")                                         \
    X("identity.login", "登录：进入、被拒或须等待（不含口令）")                                    \
    X("identity.change", "口令、动态码、登录、接口密钥、紧急授权的变动")                           \
    X("lookup.failed", "凭编号和查询码查询：一分钟内错的太多（不含编号和查询码）")                 \
    X("identity.secret", "封存的秘密：改为封存、换密钥、打不开（不含秘密）")                       \
    X("reading.anchor", "个人信息阅读记录的链尾没有记进账本")                                      \
    X("notify.delivery", "一件通知没有送出（邮件或 webhook），按间隔再试或作罢")                   \
    X("net.listen", "监听地址与端口")                                                              \
    X("net.slow_inline", "网络线程上的处理超过 5 毫秒")                                            \
    X("ledger.recovered", "重新打开日志时补上了崩溃前没来得及记的位置")                            \
    X("ledger.torn", "预写文件末尾没有写完的部分已截去")                                           \
    X("ledger.tile", "崩溃后按预写文件重写了日志的分块")                                           \
    X("ledger.gm", "补上了国密日志缺的条目")                                                       \
    X("ledger.checked", "启动后按全部条目重算完毕，与签名的检查点相同")                            \
    X("ledger.incident", "启动后按全部条目重算，与签名的检查点不同；服务停止")                     \
    X("witness.state", "见证方不能读写自己保存的状态")                                             \
    X("witness.refused", "见证方拒绝：日志给出的检查点不延续上次见证的那个")

#endif
