package org.ticketctl.basics;

import java.util.List;
import org.elasticsearch.client.internal.node.NodeClient;
import org.elasticsearch.rest.BaseRestHandler;
import org.elasticsearch.rest.RestRequest;
import org.elasticsearch.rest.RestResponse;
import org.elasticsearch.rest.action.RestToXContentListener;
import org.elasticsearch.xcontent.XContentBuilder;

/** {@code GET /} and {@code HEAD /}: what clients ask for {@code info} and {@code ping}. */
final class RestMainHandler extends BaseRestHandler {

    @Override
    public String getName() {
        return "main_action";
    }

    @Override
    public List<Route> routes() {
        return List.of(new Route(RestRequest.Method.GET, "/"), new Route(RestRequest.Method.HEAD, "/"));
    }

    @Override
    protected RestChannelConsumer prepareRequest(RestRequest request, NodeClient client) {
        // People open this path in a browser: indented unless the request says otherwise.
        boolean indented = request.hasParam("pretty") == false;
        return channel -> client.execute(MainAction.TYPE, new MainAction.Request(), new RestToXContentListener<>(channel) {
            @Override
            public RestResponse buildResponse(MainResponse response, XContentBuilder builder) throws Exception {
                return super.buildResponse(response, indented ? builder.prettyPrint().lfAtEnd() : builder);
            }
        });
    }
}
