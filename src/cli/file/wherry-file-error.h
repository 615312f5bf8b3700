/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/wherry-exit.h"

/*
 * Why a transfer of files ends. The numbers are those that ABORT carries (data/docs/files.md,
 * section 4).
 */
typedef enum
{
  WHERRY_FILE_ERROR_FAILED = 0,     /* what no other code describes */
  WHERRY_FILE_ERROR_ENDED = 1,      /* its user ended it */
  WHERRY_FILE_ERROR_REFUSED = 2,    /* a name, a number or a size that is not taken */
  WHERRY_FILE_ERROR_IN_THE_WAY = 3, /* there is another file of that name */
  WHERRY_FILE_ERROR_NO_SPACE = 4,   /* the disk is full, or would be */
  WHERRY_FILE_ERROR_UNVERIFIED = 5, /* a hash or the code is wrong */
  WHERRY_FILE_ERROR_UNREADABLE = 6, /* a file cannot be read, or changes */
  WHERRY_FILE_ERROR_PROTOCOL = 7,   /* the other side breaks the protocol */
  WHERRY_FILE_ERROR_REPLACED = 8,   /* another receiver took its place */
} WherryFileError;
#define WHERRY_FILE_ERROR_LAST WHERRY_FILE_ERROR_REPLACED

#define WHERRY_FILE_ERROR (wherry_file_error_quark ())
GQuark wherry_file_error_quark (void);

/* What is said to a receiver, and by it, when another one took its place. Thread: any */
const char *wherry_file_replaced_text (void);
/* What the program ends with; @remote: the other side said so. Any domain. Thread: any */
WherryExit wherry_file_exit_of_error (const GError *error, gboolean remote);
