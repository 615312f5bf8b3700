/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The limits of a transfer of files: what a peer may make us hold or do. The protocol names them
 * (data/docs/files.md), so both sides keep them.
 */

/* What is sealed at once: below 64 KiB with every header, because pion and aiortc take no more. */
#define WHERRY_FILE_RECORD_MAX 61441u
#define WHERRY_FILE_DATA_MAX (WHERRY_FILE_RECORD_MAX - 1)
#define WHERRY_FILE_BUNDLE_MAX (WHERRY_FILE_RECORD_MAX + 2)
/* On the way and not counted by an ACK: what is sent twice after a kill is less than 1 MiB; and
 * below the relay's high mark, so that it never has to hold the sender. */
#define WHERRY_FILE_WINDOW (896u * 1024)
#define WHERRY_FILE_ACK_EVERY (128u * 1024)
/* What the end of a file counts in it: else empty files would not be limited. */
#define WHERRY_FILE_END_COST 256u

/* A list is in memory on both sides: about 24 MiB at most. */
#define WHERRY_FILE_ENTRIES_MAX 65536u
#define WHERRY_FILE_PATHS_MAX (16u * 1024 * 1024)
#define WHERRY_FILE_PATH_MAX 4000u     /* PATH_MAX is 4096 with what stands before it */
#define WHERRY_FILE_COMPONENT_MAX 255u /* NAME_MAX */
#define WHERRY_FILE_COMPONENTS_MAX 64u /* each is a file descriptor while a folder is read */
#define WHERRY_FILE_TEXT_MAX 500u      /* what ABORT says to people */
#define WHERRY_FILE_HAVE_MAX 1024u     /* HAVEs that no PLAN has answered */
#define WHERRY_FILE_HAVE_PARTS_MAX                                                                 \
  64u                                   /* HAVEs of less than the file: each keeps a hash's state  \
                                         */
#define WHERRY_FILE_SIZE_MAX G_MAXINT64 /* off_t */

/* Wrong codes that a sender answers. 2^70 codes are not guessed by that, but somebody tries. */
#define WHERRY_FILE_GUESSES_MAX 10u
/* Hellos that a sender remembers, so as to answer none twice. */
#define WHERRY_FILE_HELLOS_MAX 64u
/* Sessions in a row that end by a message that cannot be opened: then it is no accident. */
#define WHERRY_FILE_BROKEN_MAX 3u
