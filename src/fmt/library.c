/* Versions of libyaml, libzip, zlib and libqrencode as loaded; of libxml2 as compiled against. */
#include "fmt/library.h"
#include <libxml/parser.h>
#include <qrencode.h>
#include <stdio.h>
#include <yaml.h>
#include <zip.h>
#include <zlib.h>

static void put(zh_library *out, const char *name, const char *licence, const char *version)
{
    *out = (zh_library){.name = name, .licence = licence};
    (void)snprintf(out->version, sizeof out->version, "%s", version);
}

void zh_fmt_libraries(zh_library out[ZH_FMT_LIBRARIES])
{
    put(&out[0], "libyaml", "MIT", yaml_get_version_string());
    put(&out[1], "libzip", "BSD-3-Clause", zip_libzip_version());
    put(&out[2], "libxml2", "MIT", LIBXML_DOTTED_VERSION);
    put(&out[3], "zlib", "Zlib", zlibVersion());
    put(&out[4], "libqrencode", "LGPL-2.1-or-later", QRcode_APIVersionString());
}
