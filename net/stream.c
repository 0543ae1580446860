/* SPDX-License-Identifier: Apache-2.0 */
#include "stream.h"

const char *const stream_trouble_names[STREAM_TROUBLES] = {
    [STREAM_FINE] = "",
#define TROUBLE(id, name, doc) [STREAM_##id] = (name),
#include "troubles.tbl"
#undef TROUBLE
};
