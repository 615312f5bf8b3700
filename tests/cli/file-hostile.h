/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/file/wherry-file-error.h"

/* What a sender does that knows the code and wants to harm. */
typedef struct
{
  const char *name;
  void (*make) (GQueue *records); /* of GBytes, from OFFER on */
  WherryFileError error;          /* what the receiver says */
  const char *says;               /* in its words */
} WherryTestHostile;

/* Ends with a NULL name. */
extern const WherryTestHostile wherry_test_hostile[];
