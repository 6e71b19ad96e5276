/* The front door of a role, and its menus: what people see first, and nothing they do daily more
 * than two presses from there. */
#ifndef ZH_WEB_FRAME_FRONT_DOOR_H
#define ZH_WEB_FRAME_FRONT_DOOR_H

#include "web/text/text.h"

#define ZH_MENUS_MAX 16

typedef struct zh_menu {
    zh_text_id text;
    const char *url;
} zh_menu;

/* Where a role begins; a role that is not known begins at its work. */
const char *zh_front_door(zh_str role);
/* The menus of a role in its order; role empty: of the local operator. Returns how many. */
size_t zh_front_menus(zh_str role, zh_menu out[ZH_MENUS_MAX]);
/* The menus of who is not logged in where one must be: what is open to everybody. */
size_t zh_front_open(zh_menu out[ZH_MENUS_MAX]);

#endif
