/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* The words of which a code is made: data/docs/files.md, section 1. */
#define WHERRY_FILE_WORDS 1024

extern const char *const wherry_file_words[WHERRY_FILE_WORDS];
