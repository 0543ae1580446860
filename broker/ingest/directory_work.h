/* SPDX-License-Identifier: Apache-2.0
 *
 * directory_work.h - the disk work of directory.c, one errand at a time. Private to directory*.c.
 *
 *     directory_look.c   what is there: names, sizes, times
 *     directory_take.c   one file: renamed, locked, read; later deleted or moved */
#ifndef BROKER_INGEST_DIRECTORY_WORK_H
#define BROKER_INGEST_DIRECTORY_WORK_H

#include <sys/stat.h>

#include "../../net/errand.h"
#include "directory.h"

/* What must not change while a file is watched. */
struct directory_facts {
    ino_t inode;
    off_t size;
    struct timespec modified;
    struct timespec changed;
};

/* A file that was seen. */
struct directory_seen {
    char *name;
    struct directory_facts facts;
    uint64_t since; /* loop time: it has been like this since then at least */
    bool left;      /* under a hidden name: a crash left it, or another broker has it */
    bool bad;       /* could not be taken as it is */
};

/* Ordered by name. */
struct directory_list {
    struct directory_seen *files;
    size_t count;
};

/* A file that was taken. */
struct directory_file {
    char name[256];   /* as it was in the folder */
    char hidden[256]; /* as it is now; "" when nothing is taken */
    int fd;           /* holds the lock; -1: none */
    char *bytes;
    size_t len;
};

enum directory_step { DIRECTORY_LOOK, DIRECTORY_TAKE, DIRECTORY_FINISH };

enum directory_answer {
    DIRECTORY_OK,
    DIRECTORY_CHANGED, /* TAKE: `facts` are the new ones */
    DIRECTORY_GONE,    /* TAKE: it is not there any more, or somebody else has it */
    DIRECTORY_LONG,    /* TAKE: it is taken, but not read: too long */
    DIRECTORY_FAILED   /* `what` and `error` say why */
};

struct directory_work {
    struct errand errand;
    struct directory *directory; /* the loop's thread only */
    enum directory_step step;
    enum directory_answer answer;
    const char *what; /* "open the folder" */
    int error;

    /* Of the configuration; they borrow from `strings`. */
    char *strings;
    const char *path;
    const char *pattern;
    const char *done;
    const char *errors;
    size_t longest;

    int inotify; /* a copy of our own */
    uint64_t now;
    struct directory_list list;   /* LOOK: what was seen before, then what is there */
    bool more;                    /* LOOK: there is more than the list may hold */
    struct directory_facts facts; /* TAKE */
    char given[256];              /* TAKE: the name that was seen */
    struct directory_file file;   /* TAKE: its name, then all; FINISH */
    bool accepted;                /* FINISH */
    char reason[256];             /* FINISH */
};

/* The steps, in the errand's thread. */
void directory_run_look(struct directory_work *work);
void directory_run_take(struct directory_work *work);
void directory_run_finish(struct directory_work *work);

struct directory_facts directory_facts_of(const struct stat *stat);
bool directory_same(const struct directory_facts *a, const struct directory_facts *b);

/* Opens the folder; -1, and the work has failed. */
int directory_open_folder(struct directory_work *work);

/* `errno` is why. */
void directory_fail(struct directory_work *work, const char *what);

void directory_list_free(struct directory_list *list);
void directory_file_free(struct directory_file *file);

#endif
