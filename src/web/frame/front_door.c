/* Front doors and menus by role. */
#include "web/frame/front_door.h"
#include "base/base.h"
#include <string.h>

static const zh_menu all[] = {
    {ZH_T_NAV_DESK, "/desk"},       {ZH_T_NAV_BOARD, "/"},
    {ZH_T_NAV_TARGETS, "/targets"}, {ZH_T_NAV_REGISTERS, "/registers"},
    {ZH_T_NAV_IMPORT, "/import"},   {ZH_T_NAV_SIGNALS, "/signals"},
    {ZH_T_NAV_MAP, "/map"},         {ZH_T_NAV_STUDY, "/studies"},
    {ZH_T_NAV_REPORT, "/report"},   {ZH_T_NAV_SYSTEMS, "/systems"},
    {ZH_T_NAV_TOOLS, "/tools"},     {ZH_T_NAV_SOURCES, "/sources"},
};
static const zh_menu mine = {ZH_T_NAV_MINE, "/mine"};
static const zh_menu lookup = {ZH_T_NAV_LOOKUP, "/lookup"};

enum { FIRST_MAX = 6 };

/* first: menus that come before the others, ended by ZH_TEXT_N. only: the others do not come. */
static const struct door {
    const char *role, *url;
    zh_text_id first[FIRST_MAX];
    bool only;
} doors[] = {
    {"officer", "/desk", {ZH_T_NAV_DESK, ZH_T_NAV_REGISTERS, ZH_TEXT_N}, false},
    {"handler", "/desk?by=place", {ZH_T_NAV_DESK, ZH_T_NAV_REGISTERS, ZH_TEXT_N}, false},
    {"reviewer", "/desk", {ZH_T_NAV_DESK, ZH_T_NAV_REGISTERS, ZH_TEXT_N}, false},
    {"analyst",
     "/",
     {ZH_T_NAV_BOARD, ZH_T_NAV_TARGETS, ZH_T_NAV_REGISTERS, ZH_T_NAV_SIGNALS, ZH_TEXT_N},
     false},
    {"leader",
     "/",
     {ZH_T_NAV_BOARD, ZH_T_NAV_TARGETS, ZH_T_NAV_SIGNALS, ZH_T_NAV_MAP, ZH_TEXT_N},
     false},
    {"enterprise",
     "/mine",
     {ZH_T_NAV_MINE, ZH_T_NAV_DESK, ZH_T_NAV_REGISTERS, ZH_T_NAV_TOOLS, ZH_TEXT_N},
     true},
    {"respondent",
     "/mine",
     {ZH_T_NAV_MINE, ZH_T_NAV_DESK, ZH_T_NAV_REGISTERS, ZH_T_NAV_TOOLS, ZH_TEXT_N},
     true},
    {"lab",
     "/mine",
     {ZH_T_NAV_MINE, ZH_T_NAV_DESK, ZH_T_NAV_REGISTERS, ZH_T_NAV_IMPORT, ZH_T_NAV_TOOLS, ZH_TEXT_N},
     true},
    {"consumer", "/lookup", {ZH_T_NAV_LOOKUP, ZH_TEXT_N}, false},
    {"system_admin", "/calendar", {ZH_T_NAV_REGISTERS, ZH_T_NAV_SOURCES, ZH_TEXT_N}, true},
    {"security_admin", "/registers/post", {ZH_T_NAV_REGISTERS, ZH_TEXT_N}, true},
    {"audit_admin", "/verify", {ZH_T_NAV_REGISTERS, ZH_T_NAV_SOURCES, ZH_TEXT_N}, true},
};

static const struct door *door_of(zh_str role)
{
    for (size_t i = 0; i < ZH_COUNTOF(doors); i++) {
        if (zh_str_is(role, doors[i].role)) {
            return &doors[i];
        }
    }
    return NULL;
}

const char *zh_front_door(zh_str role)
{
    const struct door *door = door_of(role);
    return door != NULL ? door->url : "/desk";
}

static const zh_menu *menu_of(zh_text_id text)
{
    for (size_t i = 0; i < ZH_COUNTOF(all); i++) {
        if (all[i].text == text) {
            return &all[i];
        }
    }
    return text == lookup.text ? &lookup : &mine;
}

static bool is_first(const struct door *door, zh_text_id text)
{
    for (size_t i = 0; door != NULL && door->first[i] != ZH_TEXT_N; i++) {
        if (door->first[i] == text) {
            return true;
        }
    }
    return false;
}

size_t zh_front_menus(zh_str role, zh_menu out[ZH_MENUS_MAX])
{
    const struct door *door = door_of(role);
    size_t n = 0;
    for (size_t i = 0; door != NULL && door->first[i] != ZH_TEXT_N; i++) {
        out[n++] = *menu_of(door->first[i]);
    }
    for (size_t i = 0; i < ZH_COUNTOF(all) && (door == NULL || !door->only); i++) {
        bool own = all[i].text == ZH_T_NAV_DESK && role.n == 0; /* of people with posts */
        if (!is_first(door, all[i].text) && !own) {
            out[n++] = all[i];
        }
    }
    return n;
}

size_t zh_front_open(zh_menu out[ZH_MENUS_MAX])
{
    static const zh_menu open[] = {
        {ZH_T_NAV_LOOKUP, "/lookup"}, {ZH_T_NAV_VERIFY, "/verify"}, {ZH_T_NAV_LOGIN, "/login"}};
    memcpy(out, open, sizeof open);
    return ZH_COUNTOF(open);
}
