/* SPDX-License-Identifier: Apache-2.0 */
#include "keyed.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

enum { BLOCK = 64 };

/* HMAC hashes key and value as one text. A longer value is hashed by its own hash. */
enum { VALUE_MAX = 1024 };

static void keyed_digest(const struct keyed *keyed, hl7_slice text, unsigned char pad,
                         unsigned char ret_digest[HL7_SHA256_BYTES])
{
    unsigned char bytes[BLOCK + VALUE_MAX];

    memset(bytes, pad, BLOCK);
    for (size_t i = 0; i < KEYED_BYTES; i++) {
        bytes[i] ^= keyed->key[i];
    }
    if (text.len > 0) {
        memcpy(bytes + BLOCK, text.ptr, text.len);
    }
    hl7_sha256((hl7_slice){(const char *)bytes, BLOCK + text.len}, ret_digest);
    explicit_bzero(bytes, sizeof bytes);
}

void keyed_hash(const struct keyed *keyed, hl7_slice value, char ret_hex[HL7_SHA256_HEX])
{
    unsigned char digest[HL7_SHA256_BYTES];

    if (value.len > VALUE_MAX) {
        hl7_sha256(value, digest);
        value = (hl7_slice){(const char *)digest, sizeof digest};
    }
    keyed_digest(keyed, value, 0x36, digest);
    keyed_digest(keyed, (hl7_slice){(const char *)digest, sizeof digest}, 0x5c, digest);
    for (size_t i = 0; i < sizeof digest; i++) {
        (void)snprintf(ret_hex + 2 * i, 3, "%02x", digest[i]);
    }
}

static int read_key(struct keyed *keyed, const char *name)
{
    char more = 0;
    int fd = open(name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

    if (fd < 0) {
        return errno;
    }
    bool whole = read(fd, keyed->key, sizeof keyed->key) == (ssize_t)sizeof keyed->key &&
                 read(fd, &more, 1) == 0;
    (void)close(fd);
    return whole ? 0 : EBADMSG;
}

/* Written under another name first, so that half a key is never there. */
static int make_key(struct keyed *keyed, const char *name)
{
    char fresh[PATH_MAX];
    int error = 0;

    if (snprintf(fresh, sizeof fresh, "%s.new", name) >= (int)sizeof fresh) {
        return ENAMETOOLONG;
    }
    if (getrandom(keyed->key, sizeof keyed->key, 0) != (ssize_t)sizeof keyed->key) {
        return errno;
    }
    int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        return errno;
    }
    if (write(fd, keyed->key, sizeof keyed->key) != (ssize_t)sizeof keyed->key || fsync(fd) != 0 ||
        link(fresh, name) != 0) {
        error = errno;
    }
    (void)close(fd);
    (void)unlink(fresh);
    return error == EEXIST ? read_key(keyed, name) : error;
}

int keyed_open(struct keyed *ret_keyed, const char *path, bool make)
{
    char name[PATH_MAX];

    if (snprintf(name, sizeof name, "%s.key", path) >= (int)sizeof name - 8) {
        return ENAMETOOLONG;
    }
    int error = read_key(ret_keyed, name);
    return error == ENOENT && make ? make_key(ret_keyed, name) : error;
}

void keyed_wipe(struct keyed *keyed)
{
    explicit_bzero(keyed, sizeof *keyed);
}
