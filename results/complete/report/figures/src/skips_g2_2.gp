# In the folder above: gnuplot -e "load 'src/light.gp'" src/skips_g2_2.gp (after set terminal ...)
data = 'src/skips_g2_2.csv'
set style fill solid noborder
set boxwidth 0.86
set border 3
set xrange [27:40]
set xtics 0,1 format '' font ',11'
set multiplot
set lmargin at screen 0.12381
set rmargin at screen 0.96190
set tmargin at screen 0.97872
set bmargin at screen 0.84752
set yrange [0:243.6]
set ytics 0,168 font ',10'
unset label
unset arrow
set label 'AdaptiveDiffusion δ=0.02, Cmax=2' at graph 0.015,0.88 left font ',11' textcolor rgb ink
set label 'mean 30.1' at graph 0.99,0.88 right font ',10' textcolor rgb muted
set arrow from 30.145,0 to 30.145,193.2 nohead linecolor rgb ink linewidth 1.2 front
set label 'samples' at screen 0.02619,0.91312 center rotate by 90 font ',11' textcolor rgb ink
plot data using ($1==0 ? $2 : NaN):3 with boxes fillcolor rgb c1
set lmargin at screen 0.12381
set rmargin at screen 0.96190
set tmargin at screen 0.82624
set bmargin at screen 0.69504
set yrange [0:247.95]
set ytics 0,171 font ',10'
unset label
unset arrow
set label 'AdaptiveDiffusion δ=0.02, Cmax=4' at graph 0.015,0.88 left font ',11' textcolor rgb ink
set label 'mean 34.8' at graph 0.99,0.88 right font ',10' textcolor rgb muted
set arrow from 34.81,0 to 34.81,196.64999999999998 nohead linecolor rgb ink linewidth 1.2 front
set label 'samples' at screen 0.02619,0.76064 center rotate by 90 font ',11' textcolor rgb ink
plot data using ($1==1 ? $2 : NaN):3 with boxes fillcolor rgb c1
set lmargin at screen 0.12381
set rmargin at screen 0.96190
set tmargin at screen 0.67376
set bmargin at screen 0.54255
set yrange [0:218.95]
set ytics 0,151 font ',10'
unset label
unset arrow
set label 'AdaptiveDiffusion δ=0.02, Cmax=6' at graph 0.015,0.88 left font ',11' textcolor rgb ink
set label 'mean 36.7' at graph 0.99,0.88 right font ',10' textcolor rgb muted
set arrow from 36.695,0 to 36.695,173.64999999999998 nohead linecolor rgb ink linewidth 1.2 front
set label 'samples' at screen 0.02619,0.60816 center rotate by 90 font ',11' textcolor rgb ink
plot data using ($1==2 ? $2 : NaN):3 with boxes fillcolor rgb c1
set lmargin at screen 0.12381
set rmargin at screen 0.96190
set tmargin at screen 0.52128
set bmargin at screen 0.39007
set yrange [0:290]
set ytics 0,200 font ',10'
unset label
unset arrow
set label 'AdaptiveDiffusion δ=0.05, Cmax=2' at graph 0.015,0.88 left font ',11' textcolor rgb ink
set label 'mean 31.0' at graph 0.99,0.88 right font ',10' textcolor rgb muted
set arrow from 31,0 to 31,229.99999999999997 nohead linecolor rgb ink linewidth 1.2 front
set label 'samples' at screen 0.02619,0.45567 center rotate by 90 font ',11' textcolor rgb ink
plot data using ($1==3 ? $2 : NaN):3 with boxes fillcolor rgb c1
set lmargin at screen 0.12381
set rmargin at screen 0.96190
set tmargin at screen 0.36879
set bmargin at screen 0.23759
set yrange [0:287.09999999999997]
set ytics 0,198 font ',10'
unset label
unset arrow
set label 'AdaptiveDiffusion δ=0.05, Cmax=4' at graph 0.015,0.88 left font ',11' textcolor rgb ink
set label 'mean 37.0' at graph 0.99,0.88 right font ',10' textcolor rgb muted
set arrow from 36.98,0 to 36.98,227.7 nohead linecolor rgb ink linewidth 1.2 front
set label 'samples' at screen 0.02619,0.30319 center rotate by 90 font ',11' textcolor rgb ink
plot data using ($1==4 ? $2 : NaN):3 with boxes fillcolor rgb c1
set lmargin at screen 0.12381
set rmargin at screen 0.96190
set tmargin at screen 0.21631
set bmargin at screen 0.08511
set xtics format '%g'
set yrange [0:274.05]
set ytics 0,189 font ',10'
unset label
unset arrow
set label 'AdaptiveDiffusion δ=0.05, Cmax=6' at graph 0.015,0.88 left font ',11' textcolor rgb ink
set label 'mean 38.9' at graph 0.99,0.88 right font ',10' textcolor rgb muted
set arrow from 38.89,0 to 38.89,217.35 nohead linecolor rgb ink linewidth 1.2 front
set label 'samples' at screen 0.02619,0.15071 center rotate by 90 font ',11' textcolor rgb ink
set label 'skipped predictions of a sample' at screen 0.54286,0.01950 center font ',12' textcolor rgb ink
plot data using ($1==5 ? $2 : NaN):3 with boxes fillcolor rgb c1
unset multiplot
