/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-lib"

#include "config.h"

#include "lib/wherry-peer-connection-private.h"

static WherryOperation *
operation_new (WherryPeerConnection *self, WherryOperationType type, gpointer source_tag,
               GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, source_tag);
  return wherry_operation_new (type, task);
}

static void
chain (WherryPeerConnection *self, WherryOperation *operation)
{
  wherry_connection_chain (wherry_peer_connection_get_connection (self), operation);
}

static gboolean
is_usable (gpointer self)
{
  return WHERRY_IS_PEER_CONNECTION (self) && wherry_peer_connection_get_connection (self) != NULL;
}

static gboolean
is_result (WherryPeerConnection *self, GAsyncResult *result, gpointer source_tag)
{
  return g_task_is_valid (result, self) && g_async_result_is_tagged (result, source_tag);
}

void
wherry_peer_connection_create_offer_async (WherryPeerConnection *self, gboolean ice_restart,
                                           GCancellable *cancellable, GAsyncReadyCallback callback,
                                           gpointer user_data)
{
  WherryOperation *operation;

  g_return_if_fail (is_usable (self));

  operation
      = operation_new (self, WHERRY_OPERATION_CREATE_OFFER,
                       wherry_peer_connection_create_offer_async, cancellable, callback, user_data);
  operation->ice_restart = ice_restart;
  chain (self, operation);
}

WherrySessionDescription *
wherry_peer_connection_create_offer_finish (WherryPeerConnection *self, GAsyncResult *result,
                                            GError **error)
{
  g_return_val_if_fail (is_result (self, result, wherry_peer_connection_create_offer_async), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

void
wherry_peer_connection_create_answer_async (WherryPeerConnection *self, GCancellable *cancellable,
                                            GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (is_usable (self));

  chain (self, operation_new (self, WHERRY_OPERATION_CREATE_ANSWER,
                              wherry_peer_connection_create_answer_async, cancellable, callback,
                              user_data));
}

WherrySessionDescription *
wherry_peer_connection_create_answer_finish (WherryPeerConnection *self, GAsyncResult *result,
                                             GError **error)
{
  g_return_val_if_fail (is_result (self, result, wherry_peer_connection_create_answer_async), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

void
wherry_peer_connection_set_local_description_async (WherryPeerConnection *self,
                                                    WherrySessionDescription *description,
                                                    GCancellable *cancellable,
                                                    GAsyncReadyCallback callback,
                                                    gpointer user_data)
{
  WherryOperation *operation;

  g_return_if_fail (is_usable (self));
  g_return_if_fail (description == NULL || WHERRY_IS_SESSION_DESCRIPTION (description));

  operation = operation_new (self, WHERRY_OPERATION_SET_LOCAL,
                             wherry_peer_connection_set_local_description_async, cancellable,
                             callback, user_data);
  g_set_object (&operation->description, description);
  chain (self, operation);
}

gboolean
wherry_peer_connection_set_local_description_finish (WherryPeerConnection *self,
                                                     GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (is_result (self, result,
                                   wherry_peer_connection_set_local_description_async),
                        FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

void
wherry_peer_connection_set_remote_description_async (WherryPeerConnection *self,
                                                     WherrySessionDescription *description,
                                                     GCancellable *cancellable,
                                                     GAsyncReadyCallback callback,
                                                     gpointer user_data)
{
  WherryOperation *operation;

  g_return_if_fail (is_usable (self));
  g_return_if_fail (WHERRY_IS_SESSION_DESCRIPTION (description));

  operation = operation_new (self, WHERRY_OPERATION_SET_REMOTE,
                             wherry_peer_connection_set_remote_description_async, cancellable,
                             callback, user_data);
  g_set_object (&operation->description, description);
  chain (self, operation);
}

gboolean
wherry_peer_connection_set_remote_description_finish (WherryPeerConnection *self,
                                                      GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (is_result (self, result,
                                   wherry_peer_connection_set_remote_description_async),
                        FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

void
wherry_peer_connection_add_ice_candidate_async (WherryPeerConnection *self,
                                                WherryIceCandidate *candidate,
                                                GCancellable *cancellable,
                                                GAsyncReadyCallback callback, gpointer user_data)
{
  WherryOperation *operation;

  g_return_if_fail (is_usable (self));
  g_return_if_fail (candidate == NULL || WHERRY_IS_ICE_CANDIDATE (candidate));

  operation = operation_new (self, WHERRY_OPERATION_ADD_CANDIDATE,
                             wherry_peer_connection_add_ice_candidate_async, cancellable, callback,
                             user_data);
  g_set_object (&operation->candidate, candidate);
  chain (self, operation);
}

gboolean
wherry_peer_connection_add_ice_candidate_finish (WherryPeerConnection *self, GAsyncResult *result,
                                                 GError **error)
{
  g_return_val_if_fail (is_result (self, result, wherry_peer_connection_add_ice_candidate_async),
                        FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

void
wherry_peer_connection_get_stats_async (WherryPeerConnection *self, GCancellable *cancellable,
                                        GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = NULL;

  g_return_if_fail (is_usable (self));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, wherry_peer_connection_get_stats_async);
  wherry_connection_get_stats (wherry_peer_connection_get_connection (self), task);
}

WherryStatsReport *
wherry_peer_connection_get_stats_finish (WherryPeerConnection *self, GAsyncResult *result,
                                         GError **error)
{
  g_return_val_if_fail (is_result (self, result, wherry_peer_connection_get_stats_async), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

void
wherry_peer_connection_close_async (WherryPeerConnection *self, GCancellable *cancellable,
                                    GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = NULL;

  g_return_if_fail (is_usable (self));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, wherry_peer_connection_close_async);
  wherry_connection_close_task (wherry_peer_connection_get_connection (self), task);
}

gboolean
wherry_peer_connection_close_finish (WherryPeerConnection *self, GAsyncResult *result,
                                     GError **error)
{
  g_return_val_if_fail (is_result (self, result, wherry_peer_connection_close_async), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}
