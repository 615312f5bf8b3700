/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-relay"

#include "config.h"

#include "relay/wherry-policy.h"

const char *const wherry_policy_names[WHERRY_N_POLICIES + 1] = {
  [WHERRY_POLICY_BLOCK] = "block",
  [WHERRY_POLICY_DROP_OLDEST] = "drop-oldest",
  [WHERRY_POLICY_DROP_NEWEST] = "drop-newest",
  [WHERRY_POLICY_LATEST] = "latest",
  [WHERRY_POLICY_DISCONNECT] = "disconnect",
};
