/* Templates for filling in, made from a register's declaration: its labels as headings, its codes
 * as drop-downs, its help as a sheet of explanations. What is filled in comes back through the
 * register's own layout. */
#ifndef ZH_APP_TEMPLATE_H
#define ZH_APP_TEMPLATE_H

#include "model/model.h"

#define ZH_TEMPLATE_ROWS  ((size_t)5000) /* rows with formats and drop-downs */
#define ZH_TEMPLATE_BYTES ((size_t)32 << 20)

/* Headings only, UTF-8 with BOM. */
void zh_template_csv(const zh_register *reg, zh_buf *out);
/* 填写, 说明, and hidden 代码. today: codes that are in force then. ZH_ELIMIT. */
zh_rc zh_template_xlsx(const zh_register *reg, zh_date today, zh_buf *out, zh_err *err) ZH_MUST;

#endif
