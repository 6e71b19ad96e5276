/* Calls a calculation by name with JSON text and reads members of the answer, for the tests of
 * engines. */
#ifndef TESTS_UNIT_ENGINE_CALL_H
#define TESTS_UNIT_ENGINE_CALL_H

#include "engine/engine.h"

/* The answer, NULL when the input is refused (then err says why). Memory is the arena's. */
const zh_json *engine_call(zh_arena *arena, const char *name, const char *input, zh_err *err);

/* Number at a path such as "beta_lower", "wilson.upper" or "z.0"; NAN where it is null. Fails the
 * test when there is none. */
double engine_number(const zh_json *answer, const char *path);

/* Fails the test unless |got - expected| <= relative |expected|. */
void engine_close(double got, double expected, double relative);

/* Fails the test unless the input is refused with this rule. */
void engine_refused(const char *name, const char *input, const char *rule);

#endif
