/* The descriptors of the tools, one file each. */
#ifndef ZH_APP_TOOL_TOOLS_H
#define ZH_APP_TOOL_TOOLS_H

#include "app/tool/tool.h"

extern const zh_tool zh_tool_control;
extern const zh_tool zh_tool_capability;
extern const zh_tool zh_tool_plan;
extern const zh_tool zh_tool_life;
extern const zh_tool zh_tool_uncertainty;
extern const zh_tool zh_tool_gauge;
extern const zh_tool zh_tool_proficiency;
extern const zh_tool zh_tool_satisfaction;
extern const zh_tool zh_tool_early_warning;
extern const zh_tool zh_tool_imbalance;

#endif
