/* SPDX-License-Identifier: Apache-2.0
 *
 * diff.h - whether two values mean the same, one function for each kind of member (types.tbl). Each
 * comes with its configuration: numbers of listeners mean nothing without it.
 */
#ifndef BROKER_CONFIG_DIFF_H
#define BROKER_CONFIG_DIFF_H

#include "config.h"

bool same_same(const struct config *a, const void *slot_a, const struct config *b,
               const void *slot_b);
bool same_text(const struct config *a, const void *slot_a, const struct config *b,
               const void *slot_b);
bool same_place(const struct config *a, const void *slot_a, const struct config *b,
                const void *slot_b);
bool same_number(const struct config *a, const void *slot_a, const struct config *b,
                 const void *slot_b);
bool same_flag(const struct config *a, const void *slot_a, const struct config *b,
               const void *slot_b);
bool same_choice(const struct config *a, const void *slot_a, const struct config *b,
                 const void *slot_b);
bool same_address(const struct config *a, const void *slot_a, const struct config *b,
                  const void *slot_b);
bool same_folders(const struct config *a, const void *slot_a, const struct config *b,
                  const void *slot_b);
bool same_names(const struct config *a, const void *slot_a, const struct config *b,
                const void *slot_b);
bool same_networks(const struct config *a, const void *slot_a, const struct config *b,
                   const void *slot_b);
bool same_backoff(const struct config *a, const void *slot_a, const struct config *b,
                  const void *slot_b);
bool same_limit(const struct config *a, const void *slot_a, const struct config *b,
                const void *slot_b);
bool same_free_space(const struct config *a, const void *slot_a, const struct config *b,
                     const void *slot_b);
bool same_hl7_path(const struct config *a, const void *slot_a, const struct config *b,
                   const void *slot_b);
bool same_hl7_paths(const struct config *a, const void *slot_a, const struct config *b,
                    const void *slot_b);
bool same_indexes(const struct config *a, const void *slot_a, const struct config *b,
                  const void *slot_b);
bool same_command(const struct config *a, const void *slot_a, const struct config *b,
                  const void *slot_b);
bool same_file_name(const struct config *a, const void *slot_a, const struct config *b,
                    const void *slot_b);
bool same_listeners(const struct config *a, const void *slot_a, const struct config *b,
                    const void *slot_b);
bool same_destinations(const struct config *a, const void *slot_a, const struct config *b,
                       const void *slot_b);
bool same_condition(const struct config *a, const void *slot_a, const struct config *b,
                    const void *slot_b);
bool same_template(const struct config *a, const void *slot_a, const struct config *b,
                   const void *slot_b);

#endif
