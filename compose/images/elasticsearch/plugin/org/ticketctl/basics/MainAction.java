package org.ticketctl.basics;

import org.elasticsearch.action.ActionListener;
import org.elasticsearch.action.ActionRequest;
import org.elasticsearch.action.ActionRequestValidationException;
import org.elasticsearch.action.ActionType;
import org.elasticsearch.action.support.ActionFilters;
import org.elasticsearch.action.support.TransportAction;
import org.elasticsearch.cluster.service.ClusterService;
import org.elasticsearch.common.util.concurrent.EsExecutors;
import org.elasticsearch.injection.guice.Inject;
import org.elasticsearch.tasks.Task;
import org.elasticsearch.transport.TransportService;

/**
 * Tells which server this is. An action of its own name, not just a path, so that the {@code monitor} privilege of a
 * role decides about it as in the full distribution.
 */
public final class MainAction extends TransportAction<MainAction.Request, MainResponse> {

    static final ActionType<MainResponse> TYPE = new ActionType<>("cluster:monitor/main");

    private final ClusterService clusterService;

    /** Called by the server's injector. */
    @Inject
    public MainAction(TransportService transport, ActionFilters filters, ClusterService clusterService) {
        super(TYPE.name(), filters, transport.getTaskManager(), EsExecutors.DIRECT_EXECUTOR_SERVICE);
        this.clusterService = clusterService;
    }

    @Override
    protected void doExecute(Task task, Request request, ActionListener<MainResponse> listener) {
        listener.onResponse(
            new MainResponse(
                clusterService.getNodeName(),
                clusterService.getClusterName().value(),
                clusterService.state().metadata().clusterUUID()
            )
        );
    }

    /** Asks for nothing in particular. */
    static final class Request extends ActionRequest {
        @Override
        public ActionRequestValidationException validate() {
            return null;
        }
    }
}
