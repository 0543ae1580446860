/* SPDX-License-Identifier: Apache-2.0
 *
 * crash_point.h - places where a test may have the program die, and mistakes it may have it make.
 *
 *     CRASH_POINT("store.commit.before");
 *
 * Only a build with ORDERLY_CRASH_POINTS has them; in every other the macros are nothing. There the
 * environment says what happens, once and for all:
 *
 *     ORDERLY_CRASH_AT=store.commit.before:3   at the third passing of that point the program kills
 *                                              itself, as kill -9 would
 *     ORDERLY_CRASH_FLAW=early-ack             CRASH_FLAW("early-ack") is true: the test of the test
 *
 * A name stands in the source once. tests/crash/crash.py finds the names there. */
#ifndef BASE_CRASH_POINT_H
#define BASE_CRASH_POINT_H

#ifdef ORDERLY_CRASH_POINTS
#include <stdbool.h>

/* In any thread. */
void crash_point_pass(const char *name);
bool crash_point_flaw(const char *name);

#define CRASH_POINT(name) crash_point_pass(name)
#define CRASH_FLAW(name) crash_point_flaw(name)
#else
#define CRASH_POINT(name) ((void)0)
#define CRASH_FLAW(name) false
#endif

#endif
