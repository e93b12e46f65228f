package org.ticketctl.basics;

import java.io.IOException;
import org.apache.lucene.analysis.CharArraySet;
import org.apache.lucene.analysis.FilteringTokenFilter;
import org.apache.lucene.analysis.TokenStream;
import org.apache.lucene.analysis.tokenattributes.CharTermAttribute;
import org.apache.lucene.analysis.tokenattributes.PositionIncrementAttribute;

/**
 * Keeps the first token of each text. Lucene's own filter for duplicates looks at one position only.
 *
 * <p>A dropped token leaves no gap: positions count the tokens that remain.
 */
final class UniqueTokenFilter extends FilteringTokenFilter {

    private static final int EXPECTED_TOKENS = 8;

    private final CharTermAttribute term = addAttribute(CharTermAttribute.class);
    private final PositionIncrementAttribute position = addAttribute(PositionIncrementAttribute.class);
    private final CharArraySet seen = new CharArraySet(EXPECTED_TOKENS, false);

    UniqueTokenFilter(TokenStream tokens) {
        super(tokens);
    }

    @Override
    protected boolean accept() {
        boolean first = !seen.contains(term.buffer(), 0, term.length());
        if (first) {
            seen.add(term.toString());
        } else {
            position.setPositionIncrement(0); // what the superclass would add to the next token
        }
        return first;
    }

    @Override
    public void reset() throws IOException {
        super.reset();
        seen.clear();
    }
}
