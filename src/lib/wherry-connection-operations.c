/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-lib"

#include "config.h"

#include "base/wherry-error.h"
#include "base/wherry-log.h"
#include "lib/wherry-connection-private.h"

/* The chain of operations (webrtc-pc section 4.4.1.2): each begins when the one before has ended.
 * All but candidates are steps of the peer, which answers each with its ticket. */

WherryOperation *
wherry_operation_new (WherryOperationType type, GTask *task)
{
  WherryOperation *self = g_new0 (WherryOperation, 1);

  self->type = type;
  self->task = task;
  return self;
}

static void
operation_free (WherryOperation *self)
{
  g_clear_object (&self->task);
  g_clear_object (&self->description);
  g_clear_object (&self->candidate);
  g_free (self);
}

static guint
next_ticket (WherryConnection *self, WherryOperation *operation)
{
  operation->ticket = ++self->last_ticket;
  return operation->ticket;
}

/* webrtc-pc section 4.4.1.5: what an implicit description is. */
static WherryDescriptionType
implied_type (WherryConnection *self)
{
  switch (self->signaling_state)
    {
    case WHERRY_SIGNALING_STATE_HAVE_REMOTE_OFFER:
    case WHERRY_SIGNALING_STATE_HAVE_LOCAL_PRANSWER:
      return WHERRY_DESCRIPTION_TYPE_ANSWER;
    case WHERRY_SIGNALING_STATE_STABLE:
    case WHERRY_SIGNALING_STATE_HAVE_LOCAL_OFFER:
    case WHERRY_SIGNALING_STATE_HAVE_REMOTE_PRANSWER:
    case WHERRY_SIGNALING_STATE_CLOSED:
    default:
      return WHERRY_DESCRIPTION_TYPE_OFFER;
    }
}

static WherrySdp *
parse (WherrySessionDescription *description, GError **error)
{
  const char *text = wherry_session_description_get_sdp (description);

  return wherry_sdp_parse ((WherrySdpType) wherry_session_description_get_description_type (
                               description),
                           text, strlen (text), error);
}

/* An empty one stands for what was created last. */
static gboolean
start_local (WherryConnection *self, WherryOperation *operation, GError **error)
{
  WherryDescriptionType type = implied_type (self);
  WherrySdp *sdp = NULL;

  if (operation->description != NULL)
    type = wherry_session_description_get_description_type (operation->description);
  if (type == WHERRY_DESCRIPTION_TYPE_ROLLBACK)
    {
      wherry_peer_post_rollback (self->peer, next_ticket (self, operation), FALSE);
      return TRUE;
    }
  if (operation->description != NULL
      && *wherry_session_description_get_sdp (operation->description) != '\0')
    {
      sdp = parse (operation->description, error);
      if (sdp == NULL)
        return FALSE;
    }
  else if (type != implied_type (self))
    {
      g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_STATE,
                   "Setting an empty local description that does not fit the signaling state");
      return FALSE;
    }
  else if (type == WHERRY_DESCRIPTION_TYPE_OFFER && self->replaced_ufrags != NULL)
    {
      operation->makes_first = TRUE;
      wherry_peer_post_make_offer (self->peer, next_ticket (self, operation), TRUE);
      return TRUE;
    }
  wherry_peer_post_set_local (self->peer, next_ticket (self, operation), sdp);
  return TRUE;
}

static gboolean
start_remote (WherryConnection *self, WherryOperation *operation, GError **error)
{
  WherrySdp *sdp;

  if (wherry_session_description_get_description_type (operation->description)
      == WHERRY_DESCRIPTION_TYPE_ROLLBACK)
    {
      wherry_peer_post_rollback (self->peer, next_ticket (self, operation), TRUE);
      return TRUE;
    }
  sdp = parse (operation->description, error);
  if (sdp == NULL)
    return FALSE;
  wherry_peer_post_set_remote (self->peer, next_ticket (self, operation), sdp);
  return TRUE;
}

/* TRUE: a step is under way. FALSE: it is over, by error where that is set. */
static gboolean
start (WherryConnection *self, WherryOperation *operation, GError **error)
{
  switch (operation->type)
    {
    case WHERRY_OPERATION_CREATE_OFFER:
      wherry_peer_post_make_offer (self->peer, next_ticket (self, operation),
                                   operation->ice_restart || self->replaced_ufrags != NULL);
      return TRUE;
    case WHERRY_OPERATION_CREATE_ANSWER:
      wherry_peer_post_make_answer (self->peer, next_ticket (self, operation));
      return TRUE;
    case WHERRY_OPERATION_SET_LOCAL:
      return start_local (self, operation, error);
    case WHERRY_OPERATION_SET_REMOTE:
      return start_remote (self, operation, error);
    case WHERRY_OPERATION_ADD_CANDIDATE:
      wherry_connection_add_candidate (self, operation->candidate, error);
      return FALSE;
    default:
      wherry_bug ("unknown operation %d", (int) operation->type);
      return FALSE;
    }
}

/* made: (transfer full) (nullable) */
static void
finish (WherryConnection *self, WherryOperation *operation, WherrySessionDescription *made,
        GError *error)
{
  if (error != NULL)
    g_task_return_error (operation->task, error);
  else if (operation->type == WHERRY_OPERATION_CREATE_OFFER
           || operation->type == WHERRY_OPERATION_CREATE_ANSWER)
    g_task_return_pointer (operation->task, made, g_object_unref);
  else
    g_task_return_boolean (operation->task, TRUE);
  if (!self->closed)
    wherry_connection_expect_callback (self, operation->task);
  operation_free (operation);
}

static void
run (WherryConnection *self)
{
  WherryOperation *operation = NULL;

  while (!self->closed && (operation = g_queue_peek_head (&self->operations)) != NULL
         && !operation->started)
    {
      GError *error = NULL;

      operation->started = TRUE;
      if (g_cancellable_set_error_if_cancelled (g_task_get_cancellable (operation->task), &error)
          || !start (self, operation, &error))
        {
          g_queue_pop_head (&self->operations);
          finish (self, operation, NULL, error);
        }
    }
  if (!self->closed && g_queue_is_empty (&self->operations) && self->update_when_empty)
    {
      self->update_when_empty = FALSE;
      wherry_connection_update_negotiation_needed (self);
    }
}

void
wherry_connection_chain (WherryConnection *self, WherryOperation *operation)
{
  if (self->closed || self->finished)
    {
      finish (self, operation, NULL,
              g_error_new (WHERRY_ERROR, WHERRY_ERROR_CLOSED, "The connection is closed"));
      return;
    }
  g_queue_push_tail (&self->operations, operation);
  run (self);
}

static WherrySessionDescription *
description_of (const WherrySdp *sdp)
{
  g_autofree char *text = wherry_sdp_to_string (sdp);

  return wherry_session_description_new ((WherryDescriptionType) sdp->type, text);
}

/* webrtc-pc section 4.4.1.5: what follows from a description that was set. */
static void
set (WherryConnection *self, const WherryPeerStep *step)
{
  WherrySignalingState state = (WherrySignalingState) step->signaling;

  wherry_connection_set_slots (self, step);
  wherry_connection_update_transports (self);
  wherry_connection_give_ids (self, step);
  if (state == WHERRY_SIGNALING_STATE_STABLE)
    {
      wherry_connection_check_replaced (self);
      self->negotiation_needed = FALSE;
    }
  wherry_connection_set_signaling (self, state);
  if (state == WHERRY_SIGNALING_STATE_STABLE)
    wherry_connection_update_negotiation_needed (self);
}

void
wherry_connection_stepped (WherryConnection *self, const WherryPeerStep *step, const GError *error)
{
  WherryOperation *operation = g_queue_peek_head (&self->operations);
  WherrySessionDescription *made = NULL;

  if (operation == NULL || operation->ticket != step->ticket)
    {
      wherry_bug ("a step that nobody waits for");
      return;
    }
  if (error == NULL && operation->makes_first)
    {
      operation->makes_first = FALSE;
      wherry_peer_post_set_local (self->peer, next_ticket (self, operation), NULL);
      return;
    }
  if (error == NULL && step->made != NULL)
    made = description_of (step->made);
  else if (error == NULL)
    set (self, step);
  if (self->closed) /* by a handler: it has failed with the others */
    {
      g_clear_object (&made);
      return;
    }
  g_queue_pop_head (&self->operations);
  finish (self, operation, made, error != NULL ? g_error_copy (error) : NULL);
  run (self);
}

void
wherry_connection_fail_operations (WherryConnection *self)
{
  WherryOperation *operation = NULL;

  while ((operation = g_queue_pop_head (&self->operations)) != NULL)
    finish (self, operation, NULL,
            g_error_new (WHERRY_ERROR, WHERRY_ERROR_CLOSED, "The connection was closed"));
}
