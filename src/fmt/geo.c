/* Areas of a map: reading GeoJSON, joining, simplifying, projecting. */
#include "base/json.h"
#include "base/utf8.h"
#include "base/vec.h"
#include "fmt/map.h"

#include <math.h>
#include <string.h>

#define RADIANS        (3.14159265358979323846 / 180.0)
#define NAME_BYTES_MAX 256
#define RING_POSITIONS 4 /* RFC 7946, 3.1.6 */

typedef struct reader {
    zh_arena *arena;
    zh_err *err;
    zh_geo *geo;
    zh_map codes;
    size_t points_n, rings_n;
} reader;

static zh_rc refuse(const reader *r, const zh_json *at, zh_rc rc, const char *problem)
{
    zh_err_set(r->err, rc, "geo.json", "%s", problem);
    if (at != NULL) {
        zh_err_where(r->err, "第 %zu 行第 %zu 列", at->line, at->column);
    }
    return rc;
}

/* ---- reading ---- */

typedef struct extent {
    size_t points, rings;
} extent;

static bool is_array(const zh_json *v)
{
    return v != NULL && v->kind == ZH_JSON_ARRAY;
}

static zh_rc count_polygon(reader *r, const zh_json *polygon, extent *sum)
{
    if (!is_array(polygon)) {
        return refuse(r, polygon, ZH_EINVAL, "多边形的坐标须是数组");
    }
    for (const zh_json *ring = polygon->first; ring != NULL; ring = ring->next) {
        if (!is_array(ring) || ring->n < RING_POSITIONS) {
            return refuse(r, ring, ZH_EINVAL, "一个环须有至少 4 个位置");
        }
        if (ring->n > ZH_GEO_RING_MAX) {
            return refuse(r, ring, ZH_ELIMIT, "一个环的位置过多，请先简化");
        }
        sum->points += ring->n;
        sum->rings++;
    }
    if (r->points_n + sum->points > ZH_GEO_POINTS_MAX ||
        r->rings_n + sum->rings > ZH_GEO_RINGS_MAX) {
        return refuse(r, polygon, ZH_ELIMIT, "地图的点或环过多，请先简化");
    }
    return ZH_OK;
}

static zh_rc read_position(reader *r, const zh_json *at, zh_point *out)
{
    bool pair = is_array(at) && at->n >= 2 && at->first->kind == ZH_JSON_NUMBER &&
                at->first->next->kind == ZH_JSON_NUMBER &&
                zh_json_double(at->first, &out->x) == ZH_OK &&
                zh_json_double(at->first->next, &out->y) == ZH_OK;
    if (!pair || !(fabs(out->x) <= 180) || !(fabs(out->y) <= 90)) {
        return refuse(r, at, ZH_EINVAL, "一个位置须是经度和纬度，经度在 ±180、纬度在 ±90 之内");
    }
    return ZH_OK;
}

static zh_rc read_polygon(reader *r, const zh_json *polygon, zh_geo_unit *unit)
{
    for (const zh_json *ring = polygon->first; ring != NULL; ring = ring->next) {
        size_t from = unit->points_n;
        for (const zh_json *at = ring->first; at != NULL; at = at->next) {
            zh_rc rc = read_position(r, at, &unit->points[unit->points_n]);
            if (rc != ZH_OK) {
                return rc;
            }
            unit->points_n++;
        }
        zh_point a = unit->points[from];
        zh_point b = unit->points[unit->points_n - 1];
        if (fabs(a.x - b.x) > 0 || fabs(a.y - b.y) > 0) {
            return refuse(r, ring, ZH_EINVAL, "一个环没有闭合：首尾位置须相同");
        }
        unit->ends[unit->rings_n++] = unit->points_n;
    }
    return ZH_OK;
}

static zh_rc read_geometry(reader *r, const zh_json *geometry, zh_geo_unit *unit)
{
    zh_str type = zh_json_str(zh_json_get(geometry, "type"), ZH_STR_NONE);
    const zh_json *coordinates = zh_json_get(geometry, "coordinates");
    bool many = zh_str_is(type, "MultiPolygon");
    if (!many && !zh_str_is(type, "Polygon")) {
        return refuse(r, geometry, ZH_EINVAL, "图形须是 Polygon 或 MultiPolygon");
    }
    if (!is_array(coordinates)) {
        return refuse(r, geometry, ZH_EINVAL, "图形没有坐标");
    }
    extent sum = {0};
    zh_rc rc = ZH_OK;
    const zh_json *one = many ? coordinates->first : coordinates;
    for (; rc == ZH_OK && one != NULL; one = many ? one->next : NULL) {
        rc = count_polygon(r, one, &sum);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    if (sum.rings == 0) {
        return refuse(r, coordinates, ZH_EINVAL, "图形没有环");
    }
    unit->points = ZH_TRY_N(r->arena, zh_point, sum.points);
    unit->ends = ZH_TRY_N(r->arena, size_t, sum.rings);
    if (unit->points == NULL || unit->ends == NULL) {
        return refuse(r, NULL, ZH_ENOMEM, "读地图的内存预算用完");
    }
    one = many ? coordinates->first : coordinates;
    for (; rc == ZH_OK && one != NULL; one = many ? one->next : NULL) {
        rc = read_polygon(r, one, unit);
    }
    r->points_n += unit->points_n;
    r->rings_n += unit->rings_n;
    return rc;
}

/* The first of the candidates that is a non-empty string or an integer. */
static zh_str text_of(const zh_json *const *candidates, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const zh_json *v = candidates[i];
        bool usable = v != NULL && (v->kind == ZH_JSON_STRING || v->kind == ZH_JSON_NUMBER);
        if (usable && v->text.n > 0) {
            return v->text;
        }
    }
    return ZH_STR_NONE;
}

static zh_rc read_names(reader *r, const zh_json *feature, zh_geo_unit *unit)
{
    const zh_json *properties = zh_json_get(feature, "properties");
    bool object = properties != NULL && properties->kind == ZH_JSON_OBJECT;
    const zh_json *codes[] = {object ? zh_json_get(properties, "adcode") : NULL,
                              object ? zh_json_get(properties, "code") : NULL,
                              zh_json_get(feature, "id")};
    const zh_json *names[] = {object ? zh_json_get(properties, "name") : NULL};
    zh_str code = text_of(codes, ZH_COUNTOF(codes));
    zh_str name = text_of(names, ZH_COUNTOF(names));
    if (code.n == 0 || name.n == 0 || code.n > NAME_BYTES_MAX || name.n > NAME_BYTES_MAX ||
        !zh_utf8_clean(code) || !zh_utf8_clean(name)) {
        return refuse(r, feature, ZH_EINVAL, "一个区域没有代码或名称（adcode、name），或过长");
    }
    if (!zh_str_try_dup(r->arena, code, &unit->code) ||
        !zh_str_try_dup(r->arena, name, &unit->name)) {
        return refuse(r, NULL, ZH_ENOMEM, "读地图的内存预算用完");
    }
    if (zh_map_put(&r->codes, unit->code, unit) != NULL) {
        return refuse(r, feature, ZH_EINVAL, "一个代码出现了两次");
    }
    return ZH_OK;
}

typedef struct bounds {
    double west, south, east, north;
} bounds;

static bounds ring_bounds(const zh_geo_unit *unit, size_t ring)
{
    size_t from = ring > 0 ? unit->ends[ring - 1] : 0;
    bounds b = {unit->points[from].x, unit->points[from].y, unit->points[from].x,
                unit->points[from].y};
    for (size_t i = from; i < unit->ends[ring]; i++) {
        zh_point p = unit->points[i];
        b.west = p.x < b.west ? p.x : b.west;
        b.east = p.x > b.east ? p.x : b.east;
        b.south = p.y < b.south ? p.y : b.south;
        b.north = p.y > b.north ? p.y : b.north;
    }
    return b;
}

static size_t largest_ring(const zh_geo_unit *unit)
{
    size_t largest = 0;
    double most = -1;
    for (size_t r = 0; r < unit->rings_n; r++) {
        bounds b = ring_bounds(unit, r);
        double area = (b.east - b.west) * (b.north - b.south);
        if (area > most) {
            most = area;
            largest = r;
        }
    }
    return largest;
}

static void place_label(zh_geo_unit *unit)
{
    bounds b = ring_bounds(unit, largest_ring(unit));
    unit->label = (zh_point){(b.west + b.east) / 2, (b.south + b.north) / 2};
}

static void widen_geo(zh_geo *geo, const zh_geo_unit *unit, bool first)
{
    for (size_t r = 0; r < unit->rings_n; r++) {
        bounds b = ring_bounds(unit, r);
        bool fresh = first && r == 0;
        geo->west = fresh || b.west < geo->west ? b.west : geo->west;
        geo->east = fresh || b.east > geo->east ? b.east : geo->east;
        geo->south = fresh || b.south < geo->south ? b.south : geo->south;
        geo->north = fresh || b.north > geo->north ? b.north : geo->north;
    }
}

static zh_rc read_feature(reader *r, const zh_json *feature)
{
    if (feature->kind != ZH_JSON_OBJECT ||
        !zh_str_is(zh_json_str(zh_json_get(feature, "type"), ZH_STR_NONE), "Feature")) {
        return refuse(r, feature, ZH_EINVAL, "features 中的一项不是 Feature");
    }
    const zh_json *geometry = zh_json_get(feature, "geometry");
    if (geometry == NULL || geometry->kind == ZH_JSON_NULL) {
        return ZH_OK;
    }
    if (geometry->kind != ZH_JSON_OBJECT) {
        return refuse(r, geometry, ZH_EINVAL, "图形须是对象");
    }
    zh_geo_unit *unit = &r->geo->units[r->geo->n];
    zh_rc rc = read_names(r, feature, unit);
    if (rc == ZH_OK) {
        rc = read_geometry(r, geometry, unit);
    }
    if (rc == ZH_OK) {
        place_label(unit);
        widen_geo(r->geo, unit, r->geo->n == 0);
        r->geo->n++;
    }
    return rc;
}

static zh_rc read_collection(reader *r, const zh_json *root)
{
    const zh_json *features = NULL;
    if (root->kind == ZH_JSON_OBJECT &&
        zh_str_is(zh_json_str(zh_json_get(root, "type"), ZH_STR_NONE), "FeatureCollection")) {
        features = zh_json_get(root, "features");
    }
    if (!is_array(features)) {
        return refuse(r, root, ZH_EINVAL, "不是 GeoJSON 的 FeatureCollection");
    }
    if (features->n > ZH_GEO_UNITS_MAX) {
        return refuse(r, features, ZH_ELIMIT, "地图的区域过多");
    }
    r->geo->units = ZH_TRY_N(r->arena, zh_geo_unit, features->n > 0 ? features->n : 1);
    if (r->geo->units == NULL) {
        return refuse(r, NULL, ZH_ENOMEM, "读地图的内存预算用完");
    }
    zh_rc rc = ZH_OK;
    for (const zh_json *f = features->first; rc == ZH_OK && f != NULL; f = f->next) {
        rc = read_feature(r, f);
    }
    if (rc == ZH_OK && r->geo->n == 0) {
        return refuse(r, features, ZH_EINVAL, "地图没有一个有图形的区域");
    }
    return rc;
}

zh_rc zh_geo_parse(zh_arena *arena, zh_str json, zh_geo **out, zh_err *err)
{
    reader r = {.arena = arena, .err = err, .geo = ZH_NEW(arena, zh_geo)};
    if (json.n > ZH_GEO_BYTES_MAX) {
        return refuse(&r, NULL, ZH_ELIMIT, "地图文件过大，请先简化");
    }
    zh_arena *scratch = zh_arena_new(ZH_ARENA_JOB_BYTES);
    zh_json *root = NULL;
    zh_map_init(&r.codes, scratch);
    zh_rc rc = zh_json_parse(scratch, json, &root, err);
    if (rc == ZH_OK) {
        rc = read_collection(&r, root);
    }
    zh_arena_free(scratch);
    if (rc == ZH_OK) {
        *out = r.geo;
    }
    return rc;
}

zh_rc zh_geo_join(zh_arena *arena, const zh_geo *const *parts, size_t n, zh_geo **out, zh_err *err)
{
    reader r = {.arena = arena, .err = err, .geo = ZH_NEW(arena, zh_geo)};
    size_t total = 0;
    for (size_t i = 0; i < n; i++) {
        total += parts[i]->n;
    }
    if (total == 0 || total > ZH_GEO_UNITS_MAX) {
        return refuse(&r, NULL, total == 0 ? ZH_EINVAL : ZH_ELIMIT, "合并的地图没有区域或过多");
    }
    r.geo->units = ZH_TRY_N(arena, zh_geo_unit, total);
    if (r.geo->units == NULL) {
        return refuse(&r, NULL, ZH_ENOMEM, "读地图的内存预算用完");
    }
    zh_rc rc = ZH_OK;
    zh_map_init(&r.codes, NULL);
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; rc == ZH_OK && k < parts[i]->n; k++) {
            zh_geo_unit *unit = &parts[i]->units[k];
            if (zh_map_put(&r.codes, unit->code, unit) != NULL) {
                rc = refuse(&r, NULL, ZH_EINVAL, "一个代码出现在两张地图里");
                zh_err_where(err, "%.*s", ZH_FMT(unit->code));
            }
            r.geo->units[r.geo->n] = *unit;
            widen_geo(r.geo, unit, r.geo->n == 0);
            r.geo->n++;
        }
    }
    zh_map_free(&r.codes);
    if (rc == ZH_OK) {
        *out = r.geo;
    }
    return rc;
}

/* ---- simplifying ---- */

static double off_segment(zh_point p, zh_point a, zh_point b)
{
    double dx = b.x - a.x;
    double dy = b.y - a.y;
    double length2 = dx * dx + dy * dy;
    double t = length2 > 0 ? ((p.x - a.x) * dx + (p.y - a.y) * dy) / length2 : 0;
    t = t < 0 ? 0 : t > 1 ? 1 : t;
    return hypot(p.x - (a.x + t * dx), p.y - (a.y + t * dy));
}

typedef struct span {
    size_t from, to;
} span;

/* Marks the points between the ends of [from, to] that stay; its own stack instead of recursion,
 * which a hostile ring would make as deep as it is long. */
static void mark_kept(const zh_point *p, size_t from, size_t to, double tolerance, bool *keep,
                      span *stack)
{
    size_t depth = 0;
    stack[depth++] = (span){from, to};
    while (depth > 0) {
        span s = stack[--depth];
        double most = 0;
        size_t at = s.from;
        for (size_t i = s.from + 1; i < s.to; i++) {
            double off = off_segment(p[i], p[s.from], p[s.to]);
            if (off > most) {
                most = off;
                at = i;
            }
        }
        if (most >= tolerance && at > s.from) {
            keep[at] = true;
            stack[depth++] = (span){s.from, at};
            stack[depth++] = (span){at, s.to};
        }
    }
}

static size_t farthest(const zh_point *p, size_t n)
{
    size_t at = 0;
    double most = -1;
    for (size_t i = 1; i + 1 < n; i++) {
        double off = hypot(p[i].x - p[0].x, p[i].y - p[0].y);
        if (off > most) {
            most = off;
            at = i;
        }
    }
    return at;
}

/* Appends the ring as simplified: a ring has no ends, so it is cut at its first point and at the
 * one farthest from it. */
static void simplify_ring(zh_geo_unit *to, const zh_point *p, size_t n, double tolerance,
                          bool *keep, span *stack)
{
    size_t far = farthest(p, n);
    size_t kept = 0;
    memset(keep, 0, n * sizeof(*keep));
    keep[0] = keep[far] = keep[n - 1] = true;
    mark_kept(p, 0, far, tolerance, keep, stack);
    mark_kept(p, far, n - 1, tolerance, keep, stack);
    for (size_t i = 0; i < n; i++) {
        kept += keep[i];
    }
    for (size_t i = 0; i < n; i++) {
        if (keep[i] || kept < RING_POSITIONS) {
            to->points[to->points_n++] = p[i];
        }
    }
    to->ends[to->rings_n++] = to->points_n;
}

static zh_rc simplify_unit(zh_arena *arena, const zh_geo_unit *from, zh_geo_unit *to,
                           double tolerance, bool *keep, span *stack)
{
    *to = *from;
    to->points_n = 0;
    to->rings_n = 0;
    to->points = ZH_TRY_N(arena, zh_point, from->points_n);
    to->ends = ZH_TRY_N(arena, size_t, from->rings_n);
    if (to->points == NULL || to->ends == NULL) {
        return ZH_ENOMEM;
    }
    size_t largest = largest_ring(from);
    for (size_t r = 0; r < from->rings_n; r++) {
        size_t first = r > 0 ? from->ends[r - 1] : 0;
        bounds b = ring_bounds(from, r);
        if (r == largest || b.east - b.west >= tolerance || b.north - b.south >= tolerance) {
            simplify_ring(to, from->points + first, from->ends[r] - first, tolerance, keep, stack);
        }
    }
    return ZH_OK;
}

zh_rc zh_geo_simplify(zh_arena *arena, const zh_geo *geo, double tolerance, zh_geo **out,
                      zh_err *err)
{
    if (!(tolerance >= 0) || tolerance > 360) {
        return zh_err_set(err, ZH_EINVAL, "geo.tolerance", "简化的容差须在 0 到 360 度");
    }
    zh_arena *scratch = zh_arena_new(ZH_ARENA_REQUEST_BYTES);
    bool *keep = ZH_NEW_N(scratch, bool, ZH_GEO_RING_MAX);
    span *stack = ZH_NEW_N(scratch, span, ZH_GEO_RING_MAX + 1);
    zh_geo *simple = ZH_NEW(arena, zh_geo);
    *simple = *geo;
    simple->units = ZH_TRY_N(arena, zh_geo_unit, geo->n > 0 ? geo->n : 1);
    zh_rc rc = simple->units != NULL ? ZH_OK : ZH_ENOMEM;
    for (size_t i = 0; rc == ZH_OK && i < geo->n; i++) {
        rc = simplify_unit(arena, &geo->units[i], &simple->units[i], tolerance, keep, stack);
    }
    zh_arena_free(scratch);
    if (rc != ZH_OK) {
        return zh_err_set(err, rc, "geo.memory", "简化地图的内存预算用完");
    }
    *out = simple;
    return ZH_OK;
}

/* ---- projection ---- */

zh_albers zh_albers_of(double parallel1, double parallel2, double latitude0, double longitude0)
{
    double p1 = parallel1 * RADIANS;
    double p2 = parallel2 * RADIANS;
    zh_albers a = {.lambda0 = longitude0};
    a.n = (sin(p1) + sin(p2)) / 2;                                 /* 14-6 */
    a.c = cos(p1) * cos(p1) + 2 * a.n * sin(p1);                   /* 14-5 */
    a.rho0 = sqrt(a.c - 2 * a.n * sin(latitude0 * RADIANS)) / a.n; /* 14-3a */
    return a;
}

zh_point zh_albers_at(const zh_albers *a, double longitude, double latitude)
{
    double inside = a->c - 2 * a->n * sin(latitude * RADIANS);
    double rho = sqrt(inside > 0 ? inside : 0) / a->n;        /* 14-3 */
    double theta = a->n * (longitude - a->lambda0) * RADIANS; /* 14-4 */
    double x = rho * sin(theta);                              /* 14-1 */
    double y = a->rho0 - rho * cos(theta);                    /* 14-2 */
    return (zh_point){x, y};
}
