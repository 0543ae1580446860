/* SPDX-License-Identifier: Apache-2.0
 *
 * Every limit of the template language. Going over one is an error that says so. */
#ifndef LIB_TEMPLATE_LIMITS_H
#define LIB_TEMPLATE_LIMITS_H

enum {
    TEMPLATE_MAX_BYTES = 1024 * 1024,
    TEMPLATE_MAX_INSTRUCTIONS = 100000,
    /* Findings about one template; one more says that there are others. */
    TEMPLATE_MAX_DIAGNOSTICS = 100,
    /* A word of the template that is quoted in an error is cut to this. */
    TEMPLATE_MAX_QUOTED = 40
};

#endif
