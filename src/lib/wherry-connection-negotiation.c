/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-lib"

#include "config.h"

#include <string.h>

#include "base/wherry-error.h"
#include "base/wherry-limits.h"
#include "lib/wherry-connection-private.h"
#include "peer/wherry-peer-description.h"

/* ---- descriptions ---- */

static const char *const slot_names[] = {
  [WHERRY_SLOT_CURRENT_LOCAL] = "current-local-description",
  [WHERRY_SLOT_PENDING_LOCAL] = "pending-local-description",
  [WHERRY_SLOT_CURRENT_REMOTE] = "current-remote-description",
  [WHERRY_SLOT_PENDING_REMOTE] = "pending-remote-description",
};

static void
take_slot (WherryConnection *self, WherrySlot slot, WherrySdp *sdp)
{
  g_clear_pointer (&self->sdp[slot], wherry_sdp_free);
  g_clear_object (&self->description[slot]);
  self->sdp[slot] = sdp;
}

void
wherry_connection_clear_slots (WherryConnection *self)
{
  for (guint i = 0; i < WHERRY_N_SLOTS; i++)
    take_slot (self, (WherrySlot) i, NULL);
}

static gsize
remote_max (WherryConnection *self)
{
  const WherrySdp *remote = self->sdp[WHERRY_SLOT_CURRENT_REMOTE];

  if (remote == NULL)
    remote = self->sdp[WHERRY_SLOT_PENDING_REMOTE];
  if (remote == NULL)
    return WHERRY_MAX_MESSAGE_SIZE_ABSENT;
  return MIN (wherry_sdp_get_max_message_size (remote), G_MAXSIZE);
}

static gboolean
is_same (const WherrySdp *a, const WherrySdp *b)
{
  g_autofree char *text_a = NULL;
  g_autofree char *text_b = NULL;

  if (a == NULL || b == NULL)
    return a == b;
  text_a = wherry_sdp_to_string (a);
  text_b = wherry_sdp_to_string (b);
  return a->type == b->type && strcmp (text_a, text_b) == 0;
}

gboolean
wherry_connection_can_trickle (WherryConnection *self)
{
  const WherrySdp *remote = wherry_connection_get_remote (self);

  return remote != NULL && (remote->ice_options & WHERRY_SDP_ICE_OPTIONS_TRICKLE) != 0;
}

void
wherry_connection_set_slots (WherryConnection *self, const WherryPeerStep *step)
{
  const WherrySdp *now[] = {
    [WHERRY_SLOT_CURRENT_LOCAL] = step->current_local,
    [WHERRY_SLOT_PENDING_LOCAL] = step->pending_local,
    [WHERRY_SLOT_CURRENT_REMOTE] = step->current_remote,
    [WHERRY_SLOT_PENDING_REMOTE] = step->pending_remote,
  };
  gboolean changed[WHERRY_N_SLOTS];
  gboolean rolled_back = FALSE;
  gboolean could_trickle = wherry_connection_can_trickle (self);
  WherrySdp *local;

  for (guint i = 0; i < WHERRY_N_SLOTS; i++)
    {
      changed[i] = !is_same (self->sdp[i], now[i]);
      if (changed[i])
        take_slot (self, (WherrySlot) i, now[i] != NULL ? wherry_sdp_copy (now[i]) : NULL);
    }
  self->remote_max_message_size = remote_max (self);
  rolled_back = changed[WHERRY_SLOT_PENDING_LOCAL] && !changed[WHERRY_SLOT_CURRENT_LOCAL];

  local = wherry_connection_get_local (self);
  if (local == NULL)
    {
      g_clear_pointer (&self->gathered_ufrag, g_free);
      wherry_connection_set_gathering (self, WHERRY_ICE_GATHERING_STATE_NEW);
    }
  else if (g_strcmp0 (local->ice_ufrag, self->gathered_ufrag) != 0)
    {
      g_free (self->gathered_ufrag);
      self->gathered_ufrag = g_strdup (local->ice_ufrag);
      /* what was found within the step is told after it */
      wherry_connection_set_gathering (self, local->end_of_candidates
                                                     && self->sdp[WHERRY_SLOT_PENDING_LOCAL] == NULL
                                                     && rolled_back
                                                 ? WHERRY_ICE_GATHERING_STATE_COMPLETE
                                                 : WHERRY_ICE_GATHERING_STATE_GATHERING);
    }
  for (guint i = 0; i < WHERRY_N_SLOTS; i++)
    if (changed[i])
      wherry_connection_notify (self, slot_names[i]);
  if (changed[WHERRY_SLOT_CURRENT_LOCAL] || changed[WHERRY_SLOT_PENDING_LOCAL])
    wherry_connection_notify (self, "local-description");
  if (changed[WHERRY_SLOT_CURRENT_REMOTE] || changed[WHERRY_SLOT_PENDING_REMOTE])
    wherry_connection_notify (self, "remote-description");
  if (could_trickle != wherry_connection_can_trickle (self))
    wherry_connection_notify (self, "can-trickle-ice-candidates");
}

WherrySessionDescription *
wherry_connection_get_description (WherryConnection *self, WherrySlot slot)
{
  if (self->description[slot] == NULL && self->sdp[slot] != NULL)
    {
      g_autofree char *text = wherry_sdp_to_string (self->sdp[slot]);

      self->description[slot]
          = wherry_session_description_new ((WherryDescriptionType) self->sdp[slot]->type, text);
    }
  return self->description[slot];
}

WherrySdp *
wherry_connection_get_local (WherryConnection *self)
{
  WherrySdp *pending = self->sdp[WHERRY_SLOT_PENDING_LOCAL];

  return pending != NULL ? pending : self->sdp[WHERRY_SLOT_CURRENT_LOCAL];
}

WherrySdp *
wherry_connection_get_remote (WherryConnection *self)
{
  WherrySdp *pending = self->sdp[WHERRY_SLOT_PENDING_REMOTE];

  return pending != NULL ? pending : self->sdp[WHERRY_SLOT_CURRENT_REMOTE];
}

/* ---- candidates ---- */

static gboolean
has_candidate (const WherrySdp *sdp, const char *text)
{
  for (guint i = 0; i < sdp->candidates->len; i++)
    {
      g_autofree char *there = wherry_candidate_to_string (g_ptr_array_index (sdp->candidates, i));

      if (strcmp (there, text) == 0)
        return TRUE;
    }
  return FALSE;
}

/* candidate: NULL at the end. A description in force has it already where the peer found it within
 * the step. */
static void
keep_candidate (WherryConnection *self, WherrySlot slot, const char *ufrag,
                const WherryCandidate *candidate)
{
  WherrySdp *sdp = self->sdp[slot];
  g_autofree char *text = candidate != NULL ? wherry_candidate_to_string (candidate) : NULL;

  if (sdp == NULL || sdp->rejected || (ufrag != NULL && strcmp (sdp->ice_ufrag, ufrag) != 0)
      || (text != NULL && has_candidate (sdp, text)))
    return;
  wherry_peer_description_add_candidate (sdp, candidate);
  g_clear_object (&self->description[slot]);
  wherry_connection_tell_candidates (self);
}

static void
tell_candidate (WherryConnection *self, WherryIceCandidate *candidate)
{
  g_autoptr (GObject) shell = wherry_connection_get_shell (self);

  if (shell != NULL)
    g_signal_emit_by_name (shell, "ice-candidate", candidate);
}

void
wherry_connection_take_local_candidate (WherryConnection *self, const char *text, const char *mid,
                                        guint mline_index, const char *ufrag)
{
  g_autoptr (WherryCandidate) parsed
      = text != NULL ? wherry_candidate_parse (text, strlen (text), NULL) : NULL;
  g_autoptr (WherryIceCandidate) candidate
      = wherry_ice_candidate_new (text, mid, (int) mline_index, ufrag);

  if (text == NULL || parsed != NULL)
    {
      keep_candidate (self, WHERRY_SLOT_CURRENT_LOCAL, ufrag, parsed);
      keep_candidate (self, WHERRY_SLOT_PENDING_LOCAL, ufrag, parsed);
    }
  if (text != NULL)
    wherry_connection_set_gathering (self, WHERRY_ICE_GATHERING_STATE_GATHERING);
  tell_candidate (self, candidate);
  if (text != NULL)
    return;
  /* webrtc-pc section 4.8.1.3: "" ends the generation, and NULL the gathering */
  wherry_connection_set_gathering (self, WHERRY_ICE_GATHERING_STATE_COMPLETE);
  tell_candidate (self, NULL);
}

static gboolean
refuse (GError **error, int code, const char *why)
{
  g_set_error (error, WHERRY_ERROR, code, "Adding a candidate: %s", why);
  return FALSE;
}

static gboolean
names_section (const WherrySdp *remote, const char *mid, int index)
{
  if (mid == NULL)
    return index < (int) remote->media->len;
  for (guint i = 0; i < remote->media->len; i++)
    if (g_strcmp0 (((WherrySdpMedia *) g_ptr_array_index (remote->media, i))->mid, mid) == 0)
      return TRUE;
  return FALSE;
}

static gboolean
has_ufrag (const WherrySdp *sdp, const char *ufrag)
{
  return sdp != NULL && g_strcmp0 (sdp->ice_ufrag, ufrag) == 0;
}

/* webrtc-pc section 4.4.1.6 */
gboolean
wherry_connection_add_candidate (WherryConnection *self, WherryIceCandidate *candidate,
                                 GError **error)
{
  const WherrySdp *remote = wherry_connection_get_remote (self);
  const char *text = candidate != NULL ? wherry_ice_candidate_get_candidate (candidate) : "";
  const char *mid = candidate != NULL ? wherry_ice_candidate_get_sdp_mid (candidate) : NULL;
  int index = candidate != NULL ? wherry_ice_candidate_get_sdp_mline_index (candidate) : -1;
  const char *ufrag
      = candidate != NULL ? wherry_ice_candidate_get_username_fragment (candidate) : NULL;
  g_autoptr (WherryCandidate) parsed = NULL;
  g_autoptr (GError) malformed = NULL;

  if (mid != NULL && *mid == '\0' && index >= 0)
    mid = NULL; /* pion 3.1 says both, the first always empty; libwebrtc takes the index then */
  if (*text != '\0' && mid == NULL && index < 0)
    return refuse (error, WHERRY_ERROR_INVALID_ARGUMENT, "it names no media section");
  if (remote == NULL)
    return refuse (error, WHERRY_ERROR_INVALID_STATE, "there is no remote description");
  if ((mid != NULL || index >= 0) && !names_section (remote, mid, index))
    return refuse (error, WHERRY_ERROR_PROTOCOL, "the remote description has no such section");
  if (remote->rejected)
    return TRUE;
  if (ufrag != NULL && !has_ufrag (self->sdp[WHERRY_SLOT_CURRENT_REMOTE], ufrag)
      && !has_ufrag (self->sdp[WHERRY_SLOT_PENDING_REMOTE], ufrag))
    return refuse (error, WHERRY_ERROR_PROTOCOL, "it belongs to another ICE generation");
  if (!wherry_sdp_owns_candidate (remote, mid, index))
    return TRUE; /* of a section that was rejected */
  if (*text != '\0')
    {
      parsed = wherry_candidate_parse (text, strlen (text), &malformed);
      if (parsed == NULL && g_error_matches (malformed, WHERRY_ERROR, WHERRY_ERROR_UNSUPPORTED))
        return TRUE;
      if (parsed == NULL)
        {
          g_propagate_error (error, g_steal_pointer (&malformed));
          return FALSE;
        }
      if (parsed->ufrag == NULL)
        parsed->ufrag = g_strdup (ufrag);
    }
  if (ufrag == NULL)
    ufrag = remote->ice_ufrag;
  keep_candidate (self, WHERRY_SLOT_CURRENT_REMOTE, ufrag, parsed);
  keep_candidate (self, WHERRY_SLOT_PENDING_REMOTE, ufrag, parsed);
  /* the end of a generation that is being replaced is of no use to anybody */
  if (parsed != NULL || has_ufrag (remote, ufrag))
    wherry_peer_post_remote_candidate (self->peer, g_steal_pointer (&parsed));
  wherry_connection_update_states (self);
  return TRUE;
}

/* ---- negotiation-needed (webrtc-pc section 4.7.3) ---- */

static gboolean
has_data_section (const WherrySdp *sdp)
{
  return sdp != NULL && !sdp->rejected;
}

static gboolean
is_needed (WherryConnection *self)
{
  return self->replaced_ufrags != NULL
         || (self->made_channel && !has_data_section (self->sdp[WHERRY_SLOT_CURRENT_LOCAL]));
}

static gboolean
tell_needed (gpointer data)
{
  g_autoptr (WherryConnection) self = wherry_connection_ref (data);
  g_autoptr (GObject) shell = wherry_connection_get_shell (self);

  g_clear_pointer (&self->negotiation_source, g_source_unref);
  if (shell == NULL)
    return G_SOURCE_REMOVE;
  if (!g_queue_is_empty (&self->operations))
    self->update_when_empty = TRUE;
  else if (self->signaling_state == WHERRY_SIGNALING_STATE_STABLE && !is_needed (self))
    self->negotiation_needed = FALSE;
  else if (self->signaling_state == WHERRY_SIGNALING_STATE_STABLE && !self->negotiation_needed)
    {
      self->negotiation_needed = TRUE;
      g_signal_emit_by_name (shell, "negotiation-needed");
    }
  return G_SOURCE_REMOVE;
}

/* The event comes from the main loop, so that several changes at once tell of it once. Otherwise
 * than the text of the specification the flag rises with the event, so that a check that was put
 * off needs no second flag. */
void
wherry_connection_update_negotiation_needed (WherryConnection *self)
{
  if (self->closed || self->negotiation_source != NULL)
    return;
  if (!g_queue_is_empty (&self->operations))
    {
      self->update_when_empty = TRUE;
      return;
    }
  if (self->signaling_state != WHERRY_SIGNALING_STATE_STABLE)
    return;
  if (!is_needed (self))
    {
      self->negotiation_needed = FALSE;
      return;
    }
  if (self->negotiation_needed)
    return;
  self->negotiation_source = g_idle_source_new ();
  g_source_set_priority (self->negotiation_source, G_PRIORITY_DEFAULT);
  g_source_set_static_name (self->negotiation_source, "wherry-negotiation-needed");
  g_source_set_callback (self->negotiation_source, tell_needed, wherry_connection_ref (self),
                         (GDestroyNotify) wherry_connection_unref);
  g_source_attach (self->negotiation_source, self->context);
}

void
wherry_connection_restart_ice (WherryConnection *self)
{
  const WherrySlot locals[] = { WHERRY_SLOT_CURRENT_LOCAL, WHERRY_SLOT_PENDING_LOCAL };

  g_clear_pointer (&self->replaced_ufrags, g_ptr_array_unref);
  for (guint i = 0; i < G_N_ELEMENTS (locals); i++)
    {
      if (!has_data_section (self->sdp[locals[i]]))
        continue;
      if (self->replaced_ufrags == NULL)
        self->replaced_ufrags = g_ptr_array_new_with_free_func (g_free);
      g_ptr_array_add (self->replaced_ufrags, g_strdup (self->sdp[locals[i]]->ice_ufrag));
    }
  wherry_connection_update_negotiation_needed (self);
}

void
wherry_connection_check_replaced (WherryConnection *self)
{
  const WherrySdp *local = self->sdp[WHERRY_SLOT_CURRENT_LOCAL];

  if (self->replaced_ufrags == NULL || !has_data_section (local))
    return;
  for (guint i = 0; i < self->replaced_ufrags->len; i++)
    if (strcmp (g_ptr_array_index (self->replaced_ufrags, i), local->ice_ufrag) == 0)
      return;
  g_clear_pointer (&self->replaced_ufrags, g_ptr_array_unref);
}
