/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Tells the layer above our candidates. Embedded in the session, which holds a reference to itself
 * over each call. Thread: peer */

#include <nice/agent.h>

#include "ice/wherry-ice-session.h"

G_BEGIN_DECLS

typedef struct
{
  const WherryIceConfig *config;
  const WherryIceSessionEvents *events; /* NULL: nobody listens */
  gpointer user_data;
  gboolean done; /* everything was gathered and told once */
} WherryIceAnnouncer;

void wherry_ice_announcer_candidate (WherryIceAnnouncer *self, const NiceCandidate *candidate);
void wherry_ice_announcer_done (WherryIceAnnouncer *self);
/* After a restart libnice keeps its candidates and says nothing: the new description needs them. */
void wherry_ice_announcer_again (WherryIceAnnouncer *self, NiceAgent *agent, guint stream);

G_END_DECLS
