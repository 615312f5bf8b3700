/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-ice"

#include "config.h"

#include "base/wherry-clock.h"
#include "base/wherry-error.h"
#include "base/wherry-limits.h"
#include "ice/wherry-ice-session-private.h"

/* The other side may find the new pair later than we do: what it has sent by then still comes by
 * the old one. */
#define RETIRE_MS 2000u

static void
set_timer (WherryIceSession *self, GSource **timer, guint ms, GSourceFunc func)
{
  wherry_clock_clear_source (timer);
  *timer = g_timeout_source_new (ms);
  g_source_set_callback (*timer, func, self, NULL);
  g_source_attach (*timer, self->context);
}

static void
end_generation (WherryIceSession *self, WherryIceGeneration **generation)
{
  if (*generation != NULL)
    wherry_ice_generation_close (*generation, self->closing);
  g_clear_pointer (generation, wherry_ice_generation_unref);
}

static gboolean
on_restart_limit (gpointer user_data)
{
  G_GNUC_UNUSED g_autoptr (WherryIceSession) self = g_object_ref (user_data);

  wherry_clock_clear_source (&self->restart_limit);
  if (self->current->connected)
    {
      wherry_info (&self->log, "ICE did not restart; it goes on as before");
      end_generation (self, &self->next);
    }
  else
    wherry_ice_session_consent_ended (self);
  return G_SOURCE_REMOVE;
}

void
wherry_ice_session_begin_restart_limit (WherryIceSession *self)
{
  if (self->restart_limit == NULL)
    set_timer (self, &self->restart_limit, WHERRY_CONNECT_LIMIT_US / 1000, on_restart_limit);
}

static gboolean
on_retire (gpointer user_data)
{
  WherryIceSession *self = user_data;

  wherry_clock_clear_source (&self->retire_timer);
  end_generation (self, &self->retired);
  return G_SOURCE_REMOVE;
}

void
wherry_ice_session_promote (WherryIceSession *self)
{
  end_generation (self, &self->retired);
  self->retired = g_steal_pointer (&self->current);
  self->current = g_steal_pointer (&self->next);
  wherry_debug (&self->log, "ICE has restarted");
  wherry_ice_session_count_pair (self);
  set_timer (self, &self->retire_timer, RETIRE_MS, on_retire);
}

void
wherry_ice_session_end_restart (WherryIceSession *self)
{
  wherry_clock_clear_source (&self->restart_limit);
  wherry_clock_clear_source (&self->retire_timer);
  end_generation (self, &self->retired);
  end_generation (self, &self->next);
  wherry_ice_credentials_clear (&self->prepared);
}

gboolean
wherry_ice_session_prepare_restart (WherryIceSession *self, const char **ufrag, const char **pwd,
                                    GError **error)
{
  WHERRY_ASSERT_OWNER (self);

  if (!wherry_ice_session_check_open (self, error))
    return FALSE;
  wherry_ice_credentials_generate (&self->prepared);
  *ufrag = self->prepared.ufrag;
  *pwd = self->prepared.pwd;
  return TRUE;
}

gboolean
wherry_ice_session_apply_restart (WherryIceSession *self, GError **error)
{
  G_GNUC_UNUSED g_autoptr (WherryIceSession) alive = g_object_ref (self);
  WherryIceGeneration *next;

  WHERRY_ASSERT_OWNER (self);

  if (!wherry_ice_session_check_open (self, error))
    return FALSE;
  if (self->prepared.ufrag == NULL)
    {
      g_set_error_literal (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT,
                           "there is no ICE restart to apply: prepare one first");
      return FALSE;
    }
  next = wherry_ice_session_make_generation (self, &self->prepared, error);
  if (next == NULL)
    return FALSE;
  end_generation (self, &self->next); /* nobody answered it */
  self->next = next;
  self->restarts++;
  if (self->ice_state == WHERRY_TRANSPORT_FAILED)
    wherry_ice_session_set_ice_state (self, WHERRY_TRANSPORT_CONNECTING, NULL);
  return TRUE;
}

void
wherry_ice_session_rollback_restart (WherryIceSession *self)
{
  G_GNUC_UNUSED g_autoptr (WherryIceSession) alive = g_object_ref (self);

  WHERRY_ASSERT_OWNER (self);

  wherry_ice_credentials_clear (&self->prepared);
  if (self->next == NULL)
    return;
  end_generation (self, &self->next);
  wherry_clock_clear_source (&self->restart_limit);
  if (wherry_ice_session_get_consent_lost (self))
    wherry_ice_session_consent_ended (self);
}

gboolean
wherry_ice_session_restart (WherryIceSession *self, GError **error)
{
  const char *ufrag;
  const char *pwd;

  return wherry_ice_session_prepare_restart (self, &ufrag, &pwd, error)
         && wherry_ice_session_apply_restart (self, error);
}

gboolean
wherry_ice_session_is_restarting (WherryIceSession *self)
{
  return self->next != NULL;
}
