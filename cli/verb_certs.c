/* SPDX-License-Identifier: Apache-2.0
 *
 * verb_certs.c - `orderly certs`: a private CA, a certificate for a server and one for a client, to try TLS
 * with. Files are made, never replaced: a key that is in use is not something to lose by a command. */
#include "verb.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "../net/tls.h"
#include "../net/tls_make.h"

enum { DAY = 86400, PATH_ROOM = 1024, NAME_ROOM = 64 };

struct certs_options {
    struct option_list names;
    const char *client;
    uint64_t days;
    uint64_t ca_days;
};

/* What is made, and who signs: files are FOLDER/NAME.pem and FOLDER/NAME.key. */
enum certs_file { CERTS_CA, CERTS_SERVER, CERTS_CLIENT, CERTS_FILES };
static const char *const file_names[CERTS_FILES] = {
    [CERTS_CA] = "ca", [CERTS_SERVER] = "server", [CERTS_CLIENT] = "client"};

struct certs {
    const struct verb *verb;
    const struct certs_options *options;
    const char *folder;
    int directory;
    struct tls_identity *made[CERTS_FILES];
};

/* ---- Files --------------------------------------------------------------------------------- */

static bool write_all(int fd, const char *text)
{
    size_t len = strlen(text);
    ssize_t put = 1;

    while (len > 0 && put > 0) {
        put = write(fd, text, len);
        text += put > 0 ? put : 0;
        len -= put > 0 ? (size_t)put : 0;
    }
    return len == 0 && fsync(fd) == 0;
}

/* Only its owner can read it, also a certificate: what is private in this folder need not be known. */
static int put_file(const struct certs *certs, enum certs_file which, const char *end,
                    const char *text)
{
    char name[NAME_ROOM];
    int status = VERB_DONE;

    if (text == NULL) {
        return verb_failed(certs->verb, "out of memory");
    }
    (void)snprintf(name, sizeof name, "%s.%s", file_names[which], end);
    int fd =
        openat(certs->directory, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0 || !write_all(fd, text)) {
        status = verb_failed(certs->verb, "%s/%s: %s", certs->folder, name, strerror(errno));
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    return status;
}

static int put_identity(const struct certs *certs, enum certs_file which)
{
    char *key = tls_identity_key(certs->made[which]);
    char *certificate = tls_identity_certificate(certs->made[which]);
    int status = put_file(certs, which, "key", key);

    if (status == VERB_DONE) {
        status = put_file(certs, which, "pem", certificate);
    }
    tls_secret_free(key);
    free(certificate);
    return status;
}

/* Before anything is made: nothing of it may be there. */
static int check_folder(const struct certs *certs)
{
    static const char *const ends[] = {"pem", "key"};

    for (int which = 0; which < CERTS_FILES; which++) {
        for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
            char name[NAME_ROOM];
            struct stat info;

            (void)snprintf(name, sizeof name, "%s.%s", file_names[which], ends[i]);
            if (fstatat(certs->directory, name, &info, AT_SYMLINK_NOFOLLOW) == 0) {
                return verb_failed(certs->verb,
                                   "%s/%s is there already, and is not replaced; nothing was made",
                                   certs->folder, name);
            }
        }
    }
    return VERB_DONE;
}

/* ---- Certificates -------------------------------------------------------------------------- */

static int make(struct certs *certs, enum certs_file which, const struct tls_wish *wish)
{
    certs->made[which] = tls_identity_new(wish, certs->made[CERTS_CA]);
    return certs->made[which] != NULL
               ? VERB_DONE
               : verb_misuse(certs->verb,
                             "no certificate can be made for '%.100s': a name is one of "
                             "DNS or an address, of 64 bytes at most",
                             wish->name);
}

static int make_all(struct certs *certs)
{
    static const char *const here[] = {"localhost", "127.0.0.1", "::1"};
    const struct certs_options *options = certs->options;
    int64_t now = (int64_t)time(NULL);
    bool named = options->names.count > 0;
    struct tls_wish wish = {.use = TLS_USE_CA,
                            .name = "orderly trial CA",
                            .begins = now - DAY, /* clocks differ */
                            .ends = now + (int64_t)options->ca_days * DAY};
    int status = make(certs, CERTS_CA, &wish);

    wish.use = TLS_USE_SERVER;
    wish.ends = now + (int64_t)options->days * DAY;
    wish.names = named ? options->names.items : here;
    wish.name_count = named ? options->names.count : sizeof here / sizeof *here;
    wish.name = wish.names[0];
    if (status == VERB_DONE) {
        status = make(certs, CERTS_SERVER, &wish);
    }
    wish.use = TLS_USE_CLIENT;
    wish.name = options->client;
    wish.names = &options->client;
    wish.name_count = 1;
    return status == VERB_DONE ? make(certs, CERTS_CLIENT, &wish) : status;
}

/* ---- What to do with them ------------------------------------------------------------------ */

static void tell(const struct certs *certs)
{
    const char *folder = certs->folder;
    bool named = certs->options->names.count > 0;

    (void)printf("# in a [listener NAME]\n"
                 "tls      = mutual\n"
                 "tls-cert = %s/server.pem\n"
                 "tls-key  = %s/server.key\n"
                 "tls-ca   = %s/ca.pem\n\n"
                 "# in a [destination NAME] that sends there\n"
                 "tls      = mutual\n"
                 "tls-cert = %s/client.pem\n"
                 "tls-key  = %s/client.key\n"
                 "tls-ca   = %s/ca.pem\n\n"
                 "# or\n"
                 "# orderly send --tls mutual --tls-cert %s/client.pem --tls-key %s/client.key "
                 "--tls-ca %s/ca.pem %s:2575 FILE\n"
                 "# A sender gets client.pem, client.key and ca.pem. Nobody gets ca.key.\n",
                 folder, folder, folder, folder, folder, folder, folder, folder, folder,
                 named ? certs->options->names.items[0] : "localhost");
}

static int make_in_folder(struct certs *certs)
{
    int status = check_folder(certs);

    status = status == VERB_DONE ? make_all(certs) : status;
    for (int which = 0; which < CERTS_FILES && status == VERB_DONE; which++) {
        status = put_identity(certs, (enum certs_file)which);
    }
    for (int which = 0; which < CERTS_FILES; which++) {
        tls_identity_free(&certs->made[which]);
    }
    if (status == VERB_DONE) {
        tell(certs);
    }
    return status;
}

static int run(const struct verb_call *call)
{
    struct certs certs = {
        .verb = call->verb, .options = call->options, .folder = call->operands[0]};

    if (!tls_is_built()) {
        return verb_misuse(call->verb, "this orderly was built without TLS");
    }
    if (strlen(certs.folder) > PATH_ROOM) {
        return verb_misuse(call->verb, "the name of the folder is too long");
    }
    if (mkdir(certs.folder, 0700) != 0 && errno != EEXIST) {
        return verb_failed(call->verb, "%s: %s", certs.folder, strerror(errno));
    }
    certs.directory = open(certs.folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (certs.directory < 0) {
        return verb_failed(call->verb, "%s: %s", certs.folder, strerror(errno));
    }
    int status = make_in_folder(&certs);
    (void)close(certs.directory);
    return status;
}

#define PLACE(member) OPTION_PLACE(struct certs_options, member)

static const struct option certs_option_table[] = {
    {.name = "name",
     .letter = 'n',
     .argument = "HOST",
     .kind = OPTION_TEXT,
     .many = true,
     .doc = "A name or address that the server goes by; localhost and its addresses when none is "
            "given",
     PLACE(names)},
    {.name = "client",
     .argument = "NAME",
     .kind = OPTION_TEXT,
     .standard = "client",
     .doc = "What the client is called: tls-clients of a listener knows it by this",
     PLACE(client)},
    {.name = "days",
     .argument = "N",
     .kind = OPTION_NUMBER,
     .standard = "365",
     .min = 1,
     .max = 3650,
     .doc = "How long the certificates of server and client are valid",
     PLACE(days)},
    {.name = "ca-days",
     .argument = "N",
     .kind = OPTION_NUMBER,
     .standard = "3650",
     .min = 1,
     .max = 36500,
     .doc = "How long the CA is",
     PLACE(ca_days)},
    {.name = NULL}};

static const char *const certs_description[] = {
    "Makes a CA of your own in FOLDER, a certificate for a server and one for a client, each in "
    "NAME.pem with its key in NAME.key, and prints the lines to put into a configuration. The keys "
    "are P-256; the files can be read by their owner only. Files that are there already are not "
    "replaced: then nothing is made.",
    "This is for trying TLS out, and for a few machines that know each other. A hospital's own CA "
    "gives certificates that can be renewed and revoked.",
    NULL};

static const struct verb_status certs_statuses[] = {
    {VERB_DONE, "The files are there"},
    {VERB_MISUSE, "Wrong use, or orderly was built without TLS"},
    {VERB_FAILED, "A file is there already, or could not be written"},
    {0, NULL}};

static const struct verb_example certs_examples[] = {
    {"orderly certs trial", "For this machine"},
    {"orderly certs tls --name broker.example --name 10.1.2.3 --client ct-scanner-2",
     "For a machine with a name and an address, and one sender"},
    {NULL, NULL}};

const struct verb verb_certs = {
    .name = "certs",
    .summary = "Make certificates to try TLS with",
    .usage = "FOLDER",
    .description = certs_description,
    .options = certs_option_table,
    .options_size = sizeof(struct certs_options),
    .operands = VERB_TAKES_FILES,
    .operands_min = 1,
    .operands_max = 1,
    .statuses = certs_statuses,
    .examples = certs_examples,
    .run = run,
};
