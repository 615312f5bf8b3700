/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Tells the layer above the candidates of one generation. Embedded in the generation, which holds a
 * reference to itself over each call. Thread: peer */

#include <nice/agent.h>

#include "ice/wherry-ice-config.h"

G_BEGIN_DECLS

typedef struct
{
  void (*candidate) (gpointer user_data, const char *line);
  void (*done) (gpointer user_data);
} WherryIceAnnouncerEvents;

typedef struct
{
  const WherryIceConfig *config;
  const WherryIceAnnouncerEvents *events; /* NULL: nobody listens */
  gpointer user_data;
  gboolean done; /* everything was gathered and told */
} WherryIceAnnouncer;

void wherry_ice_announcer_candidate (WherryIceAnnouncer *self, const NiceCandidate *candidate);
void wherry_ice_announcer_done (WherryIceAnnouncer *self);

G_END_DECLS
