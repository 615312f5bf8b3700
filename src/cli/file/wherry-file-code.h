/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* The code that one person tells the other: data/docs/files.md, section 1. */

#define WHERRY_FILE_CODE_WORDS 7 /* of ten bits each */

/* (transfer full) (nullable): a new code. NULL: the system has no random numbers. Thread: any */
char *wherry_file_code_make (GError **error);
/*
 * (transfer full) (nullable): the canonical form of what somebody typed. NULL sets @error, which
 * says what is wrong with it (WHERRY_ERROR_INVALID_ARGUMENT). Thread: any
 */
char *wherry_file_code_parse (const char *text, GError **error);
