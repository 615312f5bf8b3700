/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-ice"

#include "config.h"

#include "ice/wherry-ice-announcer.h"
#include "ice/wherry-ice-candidates.h"

void
wherry_ice_announcer_candidate (WherryIceAnnouncer *self, const NiceCandidate *nice)
{
  g_autoptr (WherryCandidate) candidate = wherry_ice_candidate_announce (nice, self->config);
  g_autofree char *line = NULL;

  if (candidate == NULL || self->events == NULL)
    return;
  line = wherry_candidate_to_string (candidate);
  self->events->candidate (self->user_data, line);
}

void
wherry_ice_announcer_done (WherryIceAnnouncer *self)
{
  self->done = TRUE;
  if (self->events != NULL)
    self->events->done (self->user_data);
}
