package org.ticketctl.basics;

import org.apache.lucene.analysis.TokenStream;
import org.apache.lucene.analysis.miscellaneous.RemoveDuplicatesTokenFilter;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.env.Environment;
import org.elasticsearch.index.IndexSettings;
import org.elasticsearch.index.analysis.AbstractTokenFilterFactory;

/** {@code unique}: drops tokens that were seen before, in the whole text or only at the same position. */
final class UniqueFilterFactory extends AbstractTokenFilterFactory {

    private final boolean onlyOnSamePosition;

    UniqueFilterFactory(IndexSettings index, Environment environment, String name, Settings settings) {
        super(name, settings);
        onlyOnSamePosition = settings.getAsBoolean("only_on_same_position", false);
    }

    @Override
    public TokenStream create(TokenStream tokens) {
        return onlyOnSamePosition ? new RemoveDuplicatesTokenFilter(tokens) : new UniqueTokenFilter(tokens);
    }
}
