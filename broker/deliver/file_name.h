/* SPDX-License-Identifier: Apache-2.0
 *
 * file_name.h - the name of the file that a letter is written to (`file-name` of a destination).
 *
 * Whatever a message holds, the name is one: of letters, digits, '-' and '_' in the parts that come
 * from the message, never longer than FILE_NAME_MAX, without a separator, not beginning with '.' or
 * '-', never empty. A part without a value is "_". {id} has FILE_NAME_DIGITS digits at least, so that
 * the order of the names is that of the messages. Pure: the same letter gives the same name. */
#ifndef BROKER_DELIVER_FILE_NAME_H
#define BROKER_DELIVER_FILE_NAME_H

#include "../../base/new_file.h"
#include "door.h"

enum {
    FILE_NAME_MAX = NEW_FILE_NAME_MAX, /* bytes */
    FILE_NAME_SIZE = FILE_NAME_MAX + 1,
    FILE_NAME_PART_MAX = 64, /* of one part from a message; less when the whole would be too long */
    FILE_NAME_DIGITS = 12
};

/* False when the name cannot be kept within FILE_NAME_MAX, however short the parts. */
bool file_name_write(const struct config_file_name *pattern, const struct door_letter *letter,
                     char ret_name[FILE_NAME_SIZE]);

#endif
