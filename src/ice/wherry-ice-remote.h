/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the other side has signaled in this generation: credentials and candidates, validated and
 * held until libnice may have them. Embedded in the session. Thread: peer */

#include <nice/agent.h>

#include "ice/wherry-ice-config.h"
#include "wire/wherry-candidate.h"

G_BEGIN_DECLS

typedef struct
{
  const WherryIceConfig *config;
  char *ufrag; /* NULL: not known yet */
  char *pwd;
  GPtrArray *held; /* of WherryCandidate, until the credentials are known */
  guint n_candidates;
  gboolean ended;
} WherryIceRemote;

void wherry_ice_remote_init (WherryIceRemote *self, const WherryIceConfig *config);
void wherry_ice_remote_clear (WherryIceRemote *self);

gboolean wherry_ice_remote_set_credentials (WherryIceRemote *self, NiceAgent *agent, guint stream,
                                            const char *ufrag, const char *pwd, GError **error);
/* One more candidate line: WHERRY_ERROR_LIMIT when there were too many. */
gboolean wherry_ice_remote_count (WherryIceRemote *self, GError **error);
/* candidate: NULL with TRUE for a well formed one that is of no use to us. WHERRY_ERROR_PROTOCOL.
 */
gboolean wherry_ice_remote_parse (const char *line, WherryCandidate **candidate, GError **error);
/* (transfer full) candidate */
void wherry_ice_remote_add (WherryIceRemote *self, NiceAgent *agent, guint stream,
                            WherryCandidate *candidate);
void wherry_ice_remote_end (WherryIceRemote *self, NiceAgent *agent, guint stream);

G_END_DECLS
