/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What happens to messages for a member that takes them more slowly than they come. */

#include <glib.h>

G_BEGIN_DECLS

typedef enum
{
  WHERRY_POLICY_BLOCK,       /* default on reliable channels: publishers wait, up to a limit */
  WHERRY_POLICY_DROP_OLDEST, /* default on lossy channels */
  WHERRY_POLICY_DROP_NEWEST, /* what comes while there is no room */
  WHERRY_POLICY_LATEST,      /* one message waits, a newer one takes its place */
  WHERRY_POLICY_DISCONNECT,  /* the member leaves with reason slow, at once */
} WherryPolicy;
#define WHERRY_N_POLICIES (WHERRY_POLICY_DISCONNECT + 1)

/* By policy, as in a configuration and in statistics; NULL at the end. */
extern const char *const wherry_policy_names[];

G_END_DECLS
